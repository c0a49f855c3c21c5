//! Amounts, which are decimal texts in both versions of the API, under other names.

use domain::money::Money;
use serde::Deserialize;

use crate::webhook::{Unreadable, amount::Amounts, json::Event};

/// An amount of either version.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    /// Since version 2.
    Value { value: String, currency_code: String },
    /// Of version 1: one of money that goes back may be below zero.
    Total {
        total: String,
        currency: String,
        #[serde(default)]
        details: Details,
    },
}

/// The parts of an amount of version 1, such as they are told.
#[derive(Default, Deserialize)]
pub(super) struct Details {
    tax: Option<String>,
    shipping: Option<String>,
}

/// An amount, with the tax and the shipping within it.
pub(super) struct Parts {
    pub(super) amount: Money,
    pub(super) tax: Money,
    pub(super) shipping: Money,
}

impl Amount {
    pub(super) fn parts(&self, event: &Event<'_>) -> Result<Parts, Unreadable> {
        let (text, code, details) = match self {
            Self::Value { value, currency_code } => (value, currency_code, &Details::default()),
            Self::Total { total, currency, details } => (total, currency, details),
        };
        let amounts = Amounts::new(event, code)?;
        let part = |text: &Option<String>| {
            text.as_deref().map_or(Ok(amounts.zero()), |text| amounts.decimal_text(text))
        };
        Ok(Parts {
            amount: amounts.decimal_text(text)?,
            tax: part(&details.tax)?,
            shipping: part(&details.shipping)?,
        })
    }

    /// The amount, without its sign.
    pub(super) fn magnitude(&self, event: &Event<'_>) -> Result<Money, Unreadable> {
        let amount = self.parts(event)?.amount;
        if !amount.is_negative() {
            return Ok(amount);
        }
        amount.negated().map_err(|error| event.wrong_amount(error))
    }
}
