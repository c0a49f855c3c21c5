//! A transaction: writes that happen all or not at all, checked against the limits beforehand.

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{
        ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure as Returned, TransactWriteItem,
        Update as UpdateItem,
    },
};

use crate::{
    error::{Error, Limit},
    expression::{Aliases, Condition, Update},
    item::Row,
    key::Key,
    table::key_attributes,
};

/// Most items of a transaction.
pub(crate) const MAX_ITEMS: usize = 100;
/// Most bytes of an item.
const MAX_ITEM_BYTES: usize = 400 * 1024;
/// Most bytes of a transaction.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Write {
    Put { row: Row, condition: Option<Condition> },
    Update(Update),
    Check { key: Key, condition: Condition },
    Delete { key: Key, condition: Option<Condition> },
}

/// Writes that happen all or not at all. Adding one returns its position, by which
/// [`crate::error::Failures::at`] tells what became of its condition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transaction {
    writes: Vec<Write>,
}

impl Transaction {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Puts an item that must not be there yet.
    pub(crate) fn put_new(&mut self, row: Row) -> usize {
        self.put_if(row, Condition::New)
    }

    /// Puts an item, whatever is there.
    pub(crate) fn put(&mut self, row: Row) -> usize {
        self.push(Write::Put { row, condition: None })
    }

    /// Puts an item if the condition holds of what is there.
    pub(crate) fn put_if(&mut self, row: Row, condition: Condition) -> usize {
        self.push(Write::Put { row, condition: Some(condition) })
    }

    /// Puts an item in the place of the one that was read at this revision.
    pub(crate) fn replace(&mut self, row: Row, revision: u64) -> usize {
        self.put_if(row.replacing(revision), Condition::revision(revision))
    }

    /// Changes an item.
    pub(crate) fn update(&mut self, update: Update) -> usize {
        self.push(Write::Update(update))
    }

    /// Lets the transaction happen only if the condition holds of another item.
    pub(crate) fn check(&mut self, key: Key, condition: Condition) -> usize {
        self.push(Write::Check { key, condition })
    }

    /// Removes an item, whatever is there.
    pub(crate) fn delete(&mut self, key: Key) -> usize {
        self.push(Write::Delete { key, condition: None })
    }

    /// Removes an item that must be there.
    pub(crate) fn delete_existing(&mut self, key: Key) -> usize {
        self.push(Write::Delete { key, condition: Some(Condition::Exists) })
    }

    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }

    fn push(&mut self, write: Write) -> usize {
        self.writes.push(write);
        self.writes.len() - 1
    }

    /// Refuses what the table would refuse, with the item that is to blame.
    pub(crate) fn check_limits(&self) -> Result<(), Error> {
        if self.writes.is_empty() || self.writes.len() > MAX_ITEMS {
            return Err(Error::Limit(Limit::Items(self.writes.len())));
        }
        let mut keys = HashSet::new();
        let mut total = 0;
        for write in &self.writes {
            let (key, size) = (write.key(), write.size());
            if size > MAX_ITEM_BYTES {
                return Err(Error::Limit(Limit::ItemSize(key, size)));
            }
            total += size;
            if !keys.insert(key.clone()) {
                return Err(Error::Limit(Limit::Repeated(key)));
            }
        }
        if total > MAX_BYTES {
            return Err(Error::Limit(Limit::TotalSize(total)));
        }
        Ok(())
    }

    /// The transaction as the SDK wants it.
    pub(crate) fn items(&self, table: &str) -> Result<Vec<TransactWriteItem>, BuildError> {
        self.writes.iter().map(|write| write.clone().item(table)).collect()
    }
}

impl Write {
    /// The key of the item that is written.
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Put { row, .. } => row.key(),
            Self::Update(update) => update.key.clone(),
            Self::Check { key, .. } | Self::Delete { key, .. } => key.clone(),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Put { row, .. } => row.size(),
            Self::Update(update) => update.size(),
            Self::Check { .. } | Self::Delete { .. } => 0,
        }
    }

    fn item(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        let mut aliases = Aliases::default();
        let returned = Returned::AllOld;
        Ok(match self {
            Self::Put { row, condition } => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(row.into_attributes()))
                    .set_condition_expression(condition.map(|c| c.render(&mut aliases)))
                    .set_expression_attribute_names(aliases.names())
                    .set_expression_attribute_values(aliases.values())
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
            Self::Update(update) => item.update(
                UpdateItem::builder()
                    .table_name(table)
                    .set_key(Some(key_attributes(&update.key)))
                    .update_expression(update.render(&mut aliases))
                    .set_condition_expression(update.condition.map(|c| c.render(&mut aliases)))
                    .set_expression_attribute_names(aliases.names())
                    .set_expression_attribute_values(aliases.values())
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
            Self::Check { key, condition } => item.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key_attributes(&key)))
                    .condition_expression(condition.render(&mut aliases))
                    .set_expression_attribute_names(aliases.names())
                    .set_expression_attribute_values(aliases.values())
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
            Self::Delete { key, condition } => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key_attributes(&key)))
                    .set_condition_expression(condition.map(|c| c.render(&mut aliases)))
                    .set_expression_attribute_names(aliases.names())
                    .set_expression_attribute_values(aliases.values())
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
        }
        .build())
    }
}
