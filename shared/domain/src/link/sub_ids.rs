//! A partner's own labels.

use serde::{Deserialize, Serialize};

/// The partner's own labels of where a visitor came from, under the names that networks use for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct SubIds {
    /// `sub1`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub1: Option<String>,
    /// `sub2`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub2: Option<String>,
    /// `sub3`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub3: Option<String>,
    /// `sub4`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub4: Option<String>,
    /// `sub5`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub5: Option<String>,
}

crate::object!(SubIds);

impl SubIds {
    /// Characters of one label.
    pub const CHARACTERS_MAX: usize = 100;

    /// Names and values of the labels that are set.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("sub1", &self.sub1),
            ("sub2", &self.sub2),
            ("sub3", &self.sub3),
            ("sub4", &self.sub4),
            ("sub5", &self.sub5),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Sets a label by its name, unless it is set; other names and empty values change nothing. A visitor
    /// cannot be asked to mend a link, so what is too long is cut.
    pub fn note(&mut self, name: &str, value: &str) {
        let label = match name {
            "sub1" => &mut self.sub1,
            "sub2" => &mut self.sub2,
            "sub3" => &mut self.sub3,
            "sub4" => &mut self.sub4,
            "sub5" => &mut self.sub5,
            _ => return,
        };
        if label.is_none() && !value.is_empty() {
            *label = Some(value.chars().take(Self::CHARACTERS_MAX).collect());
        }
    }

    /// These labels, and those of `other` where there is none.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            sub1: self.sub1.or_else(|| other.sub1.clone()),
            sub2: self.sub2.or_else(|| other.sub2.clone()),
            sub3: self.sub3.or_else(|| other.sub3.clone()),
            sub4: self.sub4.or_else(|| other.sub4.clone()),
            sub5: self.sub5.or_else(|| other.sub5.clone()),
        }
    }

    /// Is none set?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_name_counts_and_fits() {
        let mut sub_ids = SubIds::default();
        let long = "ä".repeat(101);
        for (name, value) in [("sub1", ""), ("sub1", "a"), ("sub1", "b"), ("sub6", "c"), ("sub5", &long)] {
            sub_ids.note(name, value);
        }
        let noted: Vec<_> = sub_ids.parameters().collect();
        assert_eq!(noted, [("sub1", "a"), ("sub5", "ä".repeat(100).as_str())]);
    }

    #[test]
    fn labels_of_two_places_are_joined_one_by_one() {
        let labels = |first: Option<&str>, second: Option<&str>| SubIds {
            sub1: first.map(str::to_owned),
            sub2: second.map(str::to_owned),
            ..SubIds::default()
        };
        let joined = labels(Some("mail"), None).or(&labels(Some("blog"), Some("footer")));
        assert_eq!(joined, labels(Some("mail"), Some("footer")));
    }
}
