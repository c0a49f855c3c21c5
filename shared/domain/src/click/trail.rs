//! The clicks that a checkout hands over: the visitor's first and last one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ClickId, ClickIdError};

/// The most clicks of a trail: which of several wins is either the first or the last.
const CLICKS_MAX: usize = 2;
/// What Stripe's `client_reference_id` may hold beside letters, digits and underscores.
const SEPARATOR: char = '-';

/// One or two click ids, the first click first, joined by a hyphen.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClickTrail(Vec<ClickId>);

impl ClickTrail {
    /// The clicks, the first one first; at least one.
    #[must_use]
    pub fn ids(&self) -> &[ClickId] {
        &self.0
    }
}

impl From<ClickId> for ClickTrail {
    fn from(id: ClickId) -> Self {
        Self(vec![id])
    }
}

impl TryFrom<String> for ClickTrail {
    type Error = ClickIdError;

    fn try_from(text: String) -> Result<Self, ClickIdError> {
        let ids = text.split(SEPARATOR).map(|part| ClickId::try_from(part.to_owned()));
        let mut ids: Vec<_> = ids.take(CLICKS_MAX + 1).collect::<Result<_, _>>()?;
        ids.dedup();
        if ids.len() <= CLICKS_MAX { Ok(Self(ids)) } else { Err(ClickIdError::Malformed) }
    }
}

impl From<ClickTrail> for String {
    fn from(trail: ClickTrail) -> Self {
        trail.to_string()
    }
}

impl fmt::Display for ClickTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, id) in self.0.iter().enumerate() {
            if index > 0 {
                write!(f, "{SEPARATOR}")?;
            }
            f.write_str(id.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ClickTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::id::{LinkId, ProgramId};

    fn click(entropy: u8) -> ClickId {
        let (program, link) = (ProgramId::derive(&["p"]), LinkId::derive(&["l"]));
        ClickId::issue(b"key", &program, &link, Timestamp::UNIX_EPOCH, [entropy; 10])
    }

    #[test]
    fn a_trail_reads_back_and_fits_where_stripe_takes_it() {
        let text = format!("{}-{}", click(1), click(2));
        // https://docs.stripe.com/api/checkout/sessions/create: at most 200 characters.
        assert!(text.len() <= 200 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        let trail = ClickTrail::try_from(text.clone()).unwrap();
        assert_eq!((trail.ids(), trail.to_string()), ([click(1), click(2)].as_slice(), text));
        assert_eq!(ClickTrail::try_from(click(1).to_string()).unwrap().ids(), [click(1)]);
        assert_eq!(ClickTrail::try_from(format!("{0}-{0}", click(1))).unwrap().ids(), [click(1)]);
    }

    #[test]
    fn what_is_not_one_or_two_clicks_is_no_trail() {
        let three = format!("{}-{}-{}", click(1), click(2), click(3));
        for text in ["", "-", "abc", &format!("{}-", click(1)), &format!("{}-x", click(1)), &three] {
            assert_eq!(ClickTrail::try_from(text.to_owned()), Err(ClickIdError::Malformed), "{text}");
        }
    }
}
