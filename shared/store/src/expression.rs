//! Conditions and updates as data, rendered with an alias for every name.
//!
//! Many everyday words (`status`, `path`, `ref`) are reserved in expressions, so no name is ever
//! written out.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use crate::{
    error::Error,
    item::{REVISION, size_of},
    key::Key,
    schema::{Index, PK},
};

/// A value inside an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value(AttributeValue);

impl Value {
    /// Any serialisable value.
    pub(crate) fn of<T: Serialize>(key: &Key, value: &T) -> Result<Self, Error> {
        serde_dynamo::to_attribute_value(value)
            .map(Self)
            .map_err(|error| Error::Corrupt { key: key.clone(), reason: error.to_string() })
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(AttributeValue::S(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(AttributeValue::S(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(AttributeValue::N(number.to_string()))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(AttributeValue::N(number.to_string()))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self(AttributeValue::N(number.to_string()))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self(AttributeValue::Bool(value))
    }
}

/// The placeholders of one request and what they stand for.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Aliases {
    /// The placeholder of an attribute name.
    pub(crate) fn name(&mut self, attribute: &str) -> String {
        if let Some((alias, _)) = self.names.iter().find(|(_, name)| *name == attribute) {
            return alias.clone();
        }
        let alias = format!("#n{}", self.names.len());
        self.names.insert(alias.clone(), attribute.to_owned());
        alias
    }

    /// A placeholder for a value.
    pub(crate) fn value(&mut self, value: Value) -> String {
        let alias = format!(":v{}", self.values.len());
        self.values.insert(alias.clone(), value.0);
        alias
    }

    /// The names, or nothing: an empty map is refused.
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// The values, or nothing: an empty map is refused.
    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

/// What must hold of an item for a write to happen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// There is no such item.
    New,
    /// There is such an item.
    Exists,
    /// The attribute is absent.
    Lacks(&'static str),
    /// The attribute equals the value.
    Equals(&'static str, Value),
    /// The attribute is the value or above.
    AtLeast(&'static str, Value),
    /// The attribute is the value or below.
    AtMost(&'static str, Value),
    /// The attribute is above the value.
    Above(&'static str, Value),
    /// The attribute begins with the text.
    StartsWith(&'static str, Value),
    /// The list or text does not contain the value.
    NotContains(&'static str, Value),
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these holds.
    Any(Vec<Condition>),
}

impl Condition {
    pub(crate) fn equals(name: &'static str, value: impl Into<Value>) -> Self {
        Self::Equals(name, value.into())
    }

    pub(crate) fn at_least(name: &'static str, value: impl Into<Value>) -> Self {
        Self::AtLeast(name, value.into())
    }

    pub(crate) fn at_most(name: &'static str, value: impl Into<Value>) -> Self {
        Self::AtMost(name, value.into())
    }

    pub(crate) fn starts_with(name: &'static str, text: &str) -> Self {
        Self::StartsWith(name, text.into())
    }

    pub(crate) fn not_contains(name: &'static str, value: impl Into<Value>) -> Self {
        Self::NotContains(name, value.into())
    }

    /// The item is still at the revision that was read.
    pub(crate) fn revision(revision: u64) -> Self {
        Self::equals(REVISION, revision)
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            first => Self::All(vec![first, other]),
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self::Any(vec![self, other])
    }

    /// The condition as an expression.
    pub(crate) fn render(self, aliases: &mut Aliases) -> String {
        match self {
            Self::New => format!("attribute_not_exists({})", aliases.name(PK)),
            Self::Exists => format!("attribute_exists({})", aliases.name(PK)),
            Self::Lacks(name) => format!("attribute_not_exists({})", aliases.name(name)),
            Self::Equals(name, value) => compare(aliases, name, "=", value),
            Self::AtLeast(name, value) => compare(aliases, name, ">=", value),
            Self::Above(name, value) => compare(aliases, name, ">", value),
            Self::AtMost(name, value) => compare(aliases, name, "<=", value),
            Self::StartsWith(name, value) => {
                format!("begins_with({}, {})", aliases.name(name), aliases.value(value))
            }
            Self::NotContains(name, value) => {
                format!("NOT contains({}, {})", aliases.name(name), aliases.value(value))
            }
            Self::All(all) => join(aliases, all, " AND "),
            Self::Any(any) => join(aliases, any, " OR "),
        }
    }
}

fn compare(aliases: &mut Aliases, name: &str, operator: &str, value: Value) -> String {
    format!("{} {operator} {}", aliases.name(name), aliases.value(value))
}

fn join(aliases: &mut Aliases, parts: Vec<Condition>, operator: &str) -> String {
    let parts: Vec<_> = parts.into_iter().map(|part| part.render(aliases)).collect();
    format!("({})", parts.join(operator))
}

/// A change of one item. It always raises the item's revision by one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Update {
    pub(crate) key: Key,
    set: Vec<(String, Value)>,
    add: Vec<(String, i64)>,
    remove: Vec<&'static str>,
    pub(crate) condition: Option<Condition>,
}

impl Update {
    pub(crate) fn new(key: Key) -> Self {
        let add = vec![(REVISION.to_owned(), 1)];
        Self { key, set: Vec::new(), add, remove: Vec::new(), condition: None }
    }

    /// Sets an attribute.
    pub(crate) fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    /// Adds to a number, from zero where there is none.
    ///
    /// Adding is counted twice when it is sent twice: it belongs into a transaction with a put
    /// that can happen only once.
    pub(crate) fn add(mut self, name: impl Into<String>, amount: i64) -> Self {
        self.add.push((name.into(), amount));
        self
    }

    /// Removes an attribute.
    pub(crate) fn remove(mut self, name: &'static str) -> Self {
        self.remove.push(name);
        self
    }

    /// Takes the item out of an index.
    pub(crate) fn unlist(self, index: Index) -> Self {
        self.remove(index.pk()).remove(index.sk())
    }

    /// Shows the item in an index, or elsewhere in it.
    pub(crate) fn list(self, place: crate::key::IndexKey) -> Self {
        self.set(place.index.pk(), place.pk).set(place.index.sk(), place.sk)
    }

    /// Lets the change happen only when the condition holds too.
    pub(crate) fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(match self.condition {
            Some(earlier) => earlier.and(condition),
            None => condition,
        });
        self
    }

    /// The change as an expression.
    pub(crate) fn render(&self, aliases: &mut Aliases) -> String {
        let mut clauses = Vec::new();
        let mut clause = |word: &str, parts: Vec<String>| {
            if !parts.is_empty() {
                clauses.push(format!("{word} {}", parts.join(", ")));
            }
        };
        let set = self
            .set
            .iter()
            .map(|(name, value)| format!("{} = {}", aliases.name(name), aliases.value(value.clone())));
        clause("SET", set.collect());
        let add = self
            .add
            .iter()
            .map(|(name, amount)| format!("{} {}", aliases.name(name), aliases.value((*amount).into())));
        clause("ADD", add.collect());
        clause("REMOVE", self.remove.iter().map(|name| aliases.name(name)).collect());
        clauses.join(" ")
    }

    /// The bytes that the change carries.
    pub(crate) fn size(&self) -> usize {
        self.set.iter().map(|(name, value)| name.len() + size_of(&value.0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_names_every_attribute_by_alias_and_keeps_its_grouping() {
        let mut aliases = Aliases::default();
        let text = Condition::starts_with("status", "s")
            .and(Condition::Lacks("hold").or(Condition::at_most("ttl", 5_i64)))
            .and(Condition::equals("status", "x"))
            .render(&mut aliases);
        let expected = "(begins_with(#n0, :v0) AND (attribute_not_exists(#n1) OR #n2 <= :v1) AND #n0 = :v2)";
        assert_eq!(text, expected);
        assert_eq!(aliases.names().unwrap()["#n0"], "status");
        assert_eq!(aliases.values().unwrap()[":v1"], AttributeValue::N("5".to_owned()));
    }

    #[test]
    fn an_update_raises_the_revision_and_leaves_empty_clauses_out() {
        let key = Key { pk: "P".to_owned(), sk: "S".to_owned() };
        let mut aliases = Aliases::default();
        assert_eq!(Update::new(key.clone()).render(&mut aliases), "ADD #n0 :v0");
        let mut aliases = Aliases::default();
        let update = Update::new(key).set("a", "b").add("n", -3).unlist(Index::Gsi2);
        let expected = "SET #n0 = :v0 ADD #n1 :v1, #n2 :v2 REMOVE #n3, #n4";
        assert_eq!(update.render(&mut aliases), expected);
    }
}
