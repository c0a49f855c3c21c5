//! Customers: the partner who brought one, and conversions that wait to learn of it.
//!
//! A customer may be known by more than one identity: the merchant's id, and the e-mail address where
//! the program attributes by it. Ties and waits are kept for each of them, in the same way.

use domain::{
    attribution::Touch,
    id::{ConversionId, CustomerId, ProgramId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Store,
    accrual::Written,
    error::Error,
    expression::{Condition, Update, Value},
    item::{Row, Shape},
    key,
    table::{Query, Read},
    transaction::Transaction,
};

/// A customer's tie to the partner who brought them; made once, never moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The touch that made the tie.
    pub touch: Touch,
    /// The conversion whose attribution made it; none when a referral did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<ConversionId>,
    /// The customer's earliest sale through the partner.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "comparable")]
    pub first_sale_at: Option<Timestamp>,
}

/// The table compares texts: a fixed number of digits makes that the order of time.
fn comparable<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(key::time).serialize(serializer)
}

impl Shape for Binding {
    const ENTITY: &'static str = "customer";
}

const FIRST_SALE: &str = "first_sale_at";

#[derive(Debug, Serialize, Deserialize)]
struct WaitingItem {
    conversion: ConversionId,
}

impl Shape for WaitingItem {
    const ENTITY: &'static str = "waiting_conversion";
}

impl Store {
    /// Who brought the customer, read strongly.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn binding(
        &self,
        program: &ProgramId,
        customer: &CustomerId,
    ) -> Result<Option<Binding>, Error> {
        let row = self.get(&key::customer(program, customer), Read::Strong).await?;
        row.map(Row::parse).transpose()
    }

    /// Ties a customer to a partner by these identities, which have no tie yet: all or none of them.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn bind(
        &self,
        program: &ProgramId,
        identities: &[CustomerId],
        binding: &Binding,
    ) -> Result<Written, Error> {
        let mut transaction = Transaction::new();
        for identity in identities {
            transaction.put_new(Row::new(&key::customer(program, identity), binding)?);
        }
        Written::of(self.commit(transaction).await)
    }

    /// Notes a sale of the customer; the earliest one is kept, whatever the order of arrival.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note_sale(
        &self,
        program: &ProgramId,
        customer: &CustomerId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let item = key::customer(program, customer);
        let time = Value::from(key::time(at));
        let earlier = Condition::Lacks(FIRST_SALE).or(Condition::Above(FIRST_SALE, time.clone()));
        let update = Update::new(item).set(FIRST_SALE, time).when(Condition::Exists.and(earlier));
        match self.update(update).await {
            Ok(_) | Err(Error::Condition(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Conversions of the customer that nobody was credited for so far.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn waiting_conversions(
        &self,
        program: &ProgramId,
        customer: &CustomerId,
    ) -> Result<Vec<ConversionId>, Error> {
        let partition = key::waiting_for(program, customer);
        let rows = self.query_all(Query::of(&partition)).await?;
        rows.into_iter().map(|row| row.parse::<WaitingItem>().map(|item| item.conversion)).collect()
    }

    /// The conversion has learned what it waited for.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn stop_waiting(
        &self,
        program: &ProgramId,
        customer: &CustomerId,
        conversion: &ConversionId,
    ) -> Result<(), Error> {
        let mut transaction = Transaction::new();
        transaction.delete(key::waiting(program, customer, conversion));
        self.commit(transaction).await
    }
}

pub(crate) fn waiting_row(
    program: &ProgramId,
    customer: &CustomerId,
    conversion: &ConversionId,
) -> Result<Row, Error> {
    let item = WaitingItem { conversion: conversion.clone() };
    Row::new(&key::waiting(program, customer, conversion), &item)
}
