//! What Stripe's objects have in common: references, metadata, customers, parts of an amount.

use std::collections::BTreeMap;

use domain::{
    click::ClickId,
    conversion::{Alias, Customer, Fact},
    id::CustomerId,
    money::{Currency, Money},
    partner::normalised_email,
};
use serde::Deserialize;

use super::Event;
use crate::{
    stripe::amount::{self, AmountError},
    webhook::{Context, ExternalFact, Unreadable},
};

const PREFIX: &str = "trb_";
const CLICK: &str = "trb_click";
const CUSTOMER: &str = "trb_customer";

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

/// The country, where it is an ISO 3166-1 alpha-2 code.
pub(super) fn country(address: Option<&Address>) -> Option<String> {
    let code = address?.country.as_ref()?;
    (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())).then(|| code.clone())
}

/// Metadata that the merchant has set. Only keys that start with `trb_` are read: what else is
/// there was not meant for us and may be personal.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// Was this object marked for us?
    pub(super) fn is_ours(&self) -> bool {
        [CLICK, CUSTOMER].iter().any(|key| self.get(key).is_some())
    }

    /// The click id, if it has the form of one.
    pub(super) fn click_id(&self) -> Option<ClickId> {
        click_id(self.get(CLICK)?)
    }

    /// The merchant's own id of the customer.
    pub(super) fn customer(&self) -> Option<&str> {
        self.get(CUSTOMER)
    }

    /// Labels for rules and reports, without the prefix.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let label = |(key, value): (&String, &String)| {
            let name = key.strip_prefix(PREFIX).filter(|_| key != CLICK && key != CUSTOMER)?;
            Some((name.to_owned(), value.clone()))
        };
        self.0.iter().filter_map(label).collect()
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// A text that is a click id; one that is not was somebody else's reference.
pub(super) fn click_id(text: &str) -> Option<ClickId> {
    ClickId::try_from(text.to_owned()).ok()
}

/// Who paid, as far as an object tells.
pub(super) struct Buyer<'a> {
    /// Stripe's customer.
    pub(super) stripe: Option<&'a str>,
    /// The merchant's own id.
    pub(super) own: Option<&'a str>,
    /// The address given at checkout.
    pub(super) email: Option<&'a str>,
}

impl Buyer<'_> {
    /// The customer, without personal data. Stripe's id comes first because every object of a
    /// subscription carries it, so that its renewals find the customer of its first sale.
    pub(super) fn customer(&self, context: &Context<'_>) -> Option<Customer> {
        let email_hash = self
            .email
            .filter(|email| !email.is_empty())
            .map(|email| (context.hash_email)(&normalised_email(email)));
        let key = self.stripe.or(self.own).or(email_hash.as_deref())?;
        let id = CustomerId::derive(&[context.program_id.as_str(), key]);
        Some(Customer { id, email_hash })
    }
}

/// Reads the amounts of one object, which are all of one currency.
pub(super) struct Amounts<'a> {
    event: &'a Event<'a>,
    pub(super) currency: Currency,
}

impl<'a> Amounts<'a> {
    pub(super) fn new(event: &'a Event<'a>, currency: &str) -> Result<Self, Unreadable> {
        let currency = amount::currency(currency).map_err(|error| event.amount(&error))?;
        Ok(Self { event, currency })
    }

    /// An amount; nothing counts as zero.
    pub(super) fn money(&self, amount: Option<i64>) -> Result<Money, Unreadable> {
        amount::from_stripe(amount.unwrap_or(0), self.currency).map_err(|error| self.event.amount(&error))
    }

    /// The sum of amounts.
    pub(super) fn sum(&self, amounts: &[Part]) -> Result<Money, Unreadable> {
        let sum = amounts.iter().try_fold(0_i64, |sum, part| sum.checked_add(part.amount));
        self.money(Some(sum.ok_or_else(|| self.event.amount(&AmountError::Overflow))?))
    }
}

/// One part of a total, such as one tax.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    amount: i64,
}

/// The fact that an invoice and a payment of it are the same charge.
pub(super) fn alias(external_id: &str, alias: &str) -> ExternalFact {
    super::external(external_id, Fact::Alias(Alias { alias: alias.to_owned() }))
}
