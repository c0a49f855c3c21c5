//! What Stripe's objects have in common: references, addresses, parts of an amount.

use domain::{
    conversion::{Alias, Fact},
    money::{Currency, Money},
};
use serde::Deserialize;

use crate::{
    stripe::amount::{self, AmountError},
    webhook::{ExternalFact, Unreadable, buyer, json::Event},
};

/// Another object, as its id or expanded.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Reference {
    /// Its id.
    Id(String),
    /// The object.
    Object {
        /// Its id.
        id: String,
    },
}

impl Reference {
    pub(super) fn id(&self) -> &str {
        let (Self::Id(id) | Self::Object { id }) = self;
        id
    }
}

/// The id of an optional reference.
pub(super) fn id(reference: Option<&Reference>) -> Option<&str> {
    reference.map(Reference::id)
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    #[serde(default = "Vec::new")]
    pub(super) data: Vec<T>,
}

/// A postal address, of which only the country is of interest.
#[derive(Debug, Deserialize)]
pub(super) struct Address {
    country: Option<String>,
}

/// The country of an address.
pub(super) fn country(address: Option<&Address>) -> Option<String> {
    buyer::country(address?.country.as_deref())
}

/// Reads the amounts of one object, which are all of one currency.
pub(super) struct Amounts<'a> {
    event: &'a Event<'a>,
    pub(super) currency: Currency,
}

impl<'a> Amounts<'a> {
    pub(super) fn new(event: &'a Event<'a>, currency: &str) -> Result<Self, Unreadable> {
        let currency = amount::currency(currency).map_err(|error| event.wrong_amount(error))?;
        Ok(Self { event, currency })
    }

    /// An amount; nothing counts as zero.
    pub(super) fn money(&self, amount: Option<i64>) -> Result<Money, Unreadable> {
        amount::from_stripe(amount.unwrap_or(0), self.currency)
            .map_err(|error| self.event.wrong_amount(error))
    }

    /// The sum of parts.
    pub(super) fn sum(&self, parts: &[Part]) -> Result<Money, Unreadable> {
        self.total(parts.iter().map(|part| part.amount))
    }

    /// The sum of amounts.
    pub(super) fn total(&self, amounts: impl IntoIterator<Item = i64>) -> Result<Money, Unreadable> {
        let sum = amounts.into_iter().try_fold(0_i64, i64::checked_add);
        self.money(Some(sum.ok_or_else(|| self.event.wrong_amount(AmountError::Overflow))?))
    }
}

/// One part of a total, such as one tax.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    amount: i64,
}

/// The fact that an invoice and a payment of it are the same charge.
pub(super) fn alias(external_id: &str, alias: &str) -> ExternalFact {
    ExternalFact::new(external_id, Fact::Alias(Alias { alias: alias.to_owned() }))
}
