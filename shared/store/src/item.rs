//! Rows: what the table holds, and their way to and from a shape.
//!
//! A row is input. Its entity, its shape version and every field are checked on the way in, and
//! what does not fit is [`Error::Corrupt`] with the key and the reason, never a panic or a guess.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::Error,
    key::{self, IndexKey, Key},
    schema::{Index, PK, SK, TTL},
};

/// The attributes of a row.
pub type Attributes = HashMap<String, AttributeValue>;

/// Attribute with the kind of item.
pub(crate) const ENTITY: &str = "entity";
/// Attribute with the version of the item's shape.
pub(crate) const VERSION: &str = "v";
/// Attribute with the item's revision, which every update raises by one.
pub(crate) const REVISION: &str = "rev";

/// The stored form of one kind of item.
pub(crate) trait Shape: Serialize + DeserializeOwned {
    /// The kind of item.
    const ENTITY: &'static str;
    /// The version of the shape that is written today.
    const VERSION: u32 = 1;

    /// Changes a row of an older version into today's shape.
    fn upcast(from: u32, _row: &mut Attributes) -> Result<(), String> {
        Err(format!("shape version {from} is not known"))
    }
}

/// One item of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Attributes);

impl Row {
    /// The row of a shape under its key.
    pub(crate) fn new<S: Shape>(key: &Key, shape: &S) -> Result<Self, Error> {
        let mut attributes: Attributes = serde_dynamo::to_item(shape)
            .map_err(|error| Error::Corrupt { key: key.clone(), reason: error.to_string() })?;
        // An absent value is an absent attribute: conditions can ask for it, and it costs nothing.
        attributes.retain(|_, value| !value.is_null());
        attributes.insert(PK.to_owned(), AttributeValue::S(key.pk.clone()));
        attributes.insert(SK.to_owned(), AttributeValue::S(key.sk.clone()));
        attributes.insert(ENTITY.to_owned(), AttributeValue::S(S::ENTITY.to_owned()));
        attributes.insert(VERSION.to_owned(), AttributeValue::N(S::VERSION.to_string()));
        attributes.entry(REVISION.to_owned()).or_insert_with(|| AttributeValue::N("0".to_owned()));
        Ok(Self(attributes))
    }

    /// A row as the table or its stream handed it over.
    #[must_use]
    pub fn from_attributes(attributes: Attributes) -> Self {
        Self(attributes)
    }

    /// The row's attributes.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.0
    }

    pub(crate) fn into_attributes(self) -> Attributes {
        self.0
    }

    /// Shows the row in an index.
    pub(crate) fn listed(mut self, place: IndexKey) -> Self {
        self.0.insert(place.index.pk().to_owned(), AttributeValue::S(place.pk));
        self.0.insert(place.index.sk().to_owned(), AttributeValue::S(place.sk));
        self
    }

    /// Marks the row as one that must cause something; see [`crate::outbox`].
    pub(crate) fn outbox(self, at: Timestamp) -> Self {
        let place = key::outbox(&self.key(), at);
        self.listed(place)
    }

    /// The row that replaces the one of this revision.
    pub(crate) fn replacing(mut self, revision: u64) -> Self {
        let next = revision.saturating_add(1).to_string();
        self.0.insert(REVISION.to_owned(), AttributeValue::N(next));
        self
    }

    /// How often the item was changed.
    pub(crate) fn revision(&self) -> u64 {
        self.number(REVISION).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
    }

    /// Lets the table remove the row some time after `at`.
    pub(crate) fn expiring(mut self, at: Timestamp) -> Self {
        self.0.insert(TTL.to_owned(), AttributeValue::N(at.as_second().to_string()));
        self
    }

    /// Is the row past its time? The table removes it days later, and shows it until then.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.number(TTL).is_some_and(|ttl| ttl <= now.as_second())
    }

    /// The row's key; empty texts where it has none.
    #[must_use]
    pub fn key(&self) -> Key {
        let part = |name| self.text(name).unwrap_or_default().to_owned();
        Key { pk: part(PK), sk: part(SK) }
    }

    /// The kind of item.
    #[must_use]
    pub fn entity(&self) -> &str {
        self.text(ENTITY).unwrap_or_default()
    }

    /// A text attribute.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// A whole number attribute.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// The row as the shape it must have.
    pub(crate) fn parse<S: Shape>(mut self) -> Result<S, Error> {
        let key = self.key();
        let corrupt = |reason: String| Error::Corrupt { key: key.clone(), reason };
        if self.entity() != S::ENTITY {
            return Err(corrupt(format!("expected a {}, found {:?}", S::ENTITY, self.entity())));
        }
        match self.number(VERSION).and_then(|version| u32::try_from(version).ok()) {
            Some(version) if version == S::VERSION => {}
            Some(version) => S::upcast(version, &mut self.0).map_err(corrupt)?,
            None => return Err(corrupt("it has no shape version".to_owned())),
        }
        // What the row has for the table's sake is no part of the shape.
        self.0.retain(|name, _| !is_frame(name));
        serde_dynamo::from_item(self.0).map_err(|error| corrupt(error.to_string()))
    }

    /// The row's size as the table counts it.
    pub(crate) fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + size_of(value)).sum()
    }
}

/// Is this an attribute that every row may have, whatever its shape?
fn is_frame(name: &str) -> bool {
    let is_index_key = Index::ALL.iter().any(|index| name == index.pk() || name == index.sk());
    is_index_key || [PK, SK, TTL, ENTITY, VERSION].contains(&name)
}

/// The size of a value as the table counts it.
pub(crate) fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size_of(value)).sum::<usize>(),
        AttributeValue::M(map) => {
            3 + map.iter().map(|(name, value)| 1 + name.len() + size_of(value)).sum::<usize>()
        }
        AttributeValue::Ss(set) | AttributeValue::Ns(set) => set.iter().map(String::len).sum(),
        AttributeValue::Bs(set) => set.iter().map(|bytes| bytes.as_ref().len()).sum(),
        _ => 0,
    }
}
