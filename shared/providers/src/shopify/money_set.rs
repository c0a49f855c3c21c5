//! Amounts in the shop's currency and in the one that the customer saw:
//! <https://shopify.dev/docs/api/admin-rest/latest/resources/order>.

use domain::money::Money;
use serde::Deserialize;

use crate::webhook::{
    Unreadable,
    amount::{Amounts, Decimal},
    json::Event,
};

/// One amount in both currencies.
#[derive(Debug, Deserialize)]
pub(super) struct MoneySet {
    pub(super) shop_money: Amount,
    pub(super) presentment_money: Option<Amount>,
}

/// An amount and its currency.
#[derive(Debug, Deserialize)]
pub(super) struct Amount {
    amount: Decimal,
    pub(super) currency_code: String,
}

impl Amount {
    pub(super) fn money(&self, event: &Event<'_>) -> Result<Money, Unreadable> {
        Amounts::new(event, &self.currency_code)?.decimal(&self.amount)
    }
}
