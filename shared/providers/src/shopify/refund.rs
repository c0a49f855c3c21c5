//! Refunds: <https://shopify.dev/docs/api/admin-rest/latest/resources/refund>.
//!
//! How much went back is the sum of the refund's transactions. The refunded lines tell what it was
//! for, and without a transaction no money moved: goods were only taken back into stock. Shopify tells
//! a refund once, when it is made, so one whose payment is still on its way counts too.
//!
//! Where the customer paid in another currency than the shop's, the transactions are in that one. The
//! lines are told in both, and so give the rate that the order itself was converted by.

use domain::{
    conversion::{Fact, Refund as RefundFact},
    money::{Money, Rounding},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::money_set::{Amount, MoneySet};
use crate::webhook::{
    ExternalFact, Unreadable,
    amount::{Amounts, Decimal},
    json::{Event, Id},
};

#[derive(Deserialize)]
struct Refund {
    id: Id,
    order_id: Id,
    processed_at: Option<Timestamp>,
    transactions: Vec<Transaction>,
    refund_line_items: Vec<RefundLine>,
    #[serde(default)]
    refund_shipping_lines: Vec<ShippingLine>,
    #[serde(default)]
    order_adjustments: Vec<Adjustment>,
    total_duties_set: Option<MoneySet>,
}

#[derive(Deserialize)]
struct Transaction {
    kind: Option<String>,
    status: Option<String>,
    amount: Decimal,
    currency: Option<String>,
}

#[derive(Deserialize)]
struct RefundLine {
    subtotal_set: Option<MoneySet>,
    total_tax_set: Option<MoneySet>,
}

#[derive(Deserialize)]
struct ShippingLine {
    subtotal_amount_set: Option<MoneySet>,
    tax_amount_set: Option<MoneySet>,
}

/// A difference between what the lines come to and what went back; below zero when more went back.
#[derive(Deserialize)]
struct Adjustment {
    amount_set: Option<MoneySet>,
    tax_amount_set: Option<MoneySet>,
}

/// `refunds/create`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let refund: Refund = event.object()?;
    let Some(amount) = refund.amount(event)?.filter(|amount| amount.minor() > 0) else {
        return Ok(Vec::new());
    };
    let at = refund.processed_at.unwrap_or(event.at);
    let fact = Fact::Refund(RefundFact::made(refund.id.to_string(), amount, at));
    Ok(vec![ExternalFact::new(refund.order_id.to_string(), fact)])
}

impl Transaction {
    fn is_money_back(&self) -> bool {
        self.kind.as_deref() == Some("refund")
            && matches!(self.status.as_deref(), Some("success" | "pending"))
    }
}

impl Refund {
    /// What went back, in the shop's currency; none when no money moved.
    fn amount(&self, event: &Event<'_>) -> Result<Option<Money>, Unreadable> {
        let transactions: Vec<_> = self.transactions.iter().filter(|one| one.is_money_back()).collect();
        let Some(first) = transactions.first() else { return Ok(None) };
        let shop = self.sets().map(|set| set.shop_money.currency_code.as_str()).next();
        let told = first.currency.as_deref();
        let currency = told.or(shop).ok_or_else(|| event.wrong("transactions[0].currency"))?;
        if transactions.iter().any(|one| one.currency.as_deref() != told) {
            return Err(event.wrong("transactions, which are of several currencies"));
        }
        let amounts = Amounts::new(event, currency)?;
        let parts = transactions.iter().map(|one| amounts.decimal(&one.amount));
        let sum = amounts.sum(parts.collect::<Result<Vec<_>, _>>()?)?;
        match shop {
            Some(shop) if shop != currency => self.converted(event, sum).map(Some),
            _ => Ok(Some(sum)),
        }
    }

    /// An amount of the customer's currency in that of the shop.
    fn converted(&self, event: &Event<'_>, sum: Money) -> Result<Money, Unreadable> {
        let shop = self.lines(event, |set| Some(&set.shop_money))?;
        let seen = self.lines(event, |set| set.presentment_money.as_ref())?;
        match (shop, seen) {
            (Some(shop), Some(seen)) if shop.minor() > 0 && seen.minor() > 0 => {
                shop.prorate(sum, seen, Rounding::HalfEven).map_err(|error| event.wrong_amount(error))
            }
            _ => Err(event.wrong_amount("what went back is told only in another currency than the shop's")),
        }
    }

    /// What lines, shipping and differences come to.
    fn lines(
        &self,
        event: &Event<'_>,
        side: impl Fn(&MoneySet) -> Option<&Amount>,
    ) -> Result<Option<Money>, Unreadable> {
        let add = |sum: Option<Money>, part: Money| {
            sum.map_or(Ok(part), |sum| sum.plus(part)).map(Some).map_err(|error| event.wrong_amount(error))
        };
        let money = |set: &MoneySet| side(set).map(|amount| amount.money(event)).transpose();
        let mut sum = None;
        for part in self.refunded_sets().filter_map(|set| money(set).transpose()) {
            sum = add(sum, part?)?;
        }
        for part in self.adjusted_sets().filter_map(|set| money(set).transpose()) {
            let back = part?.negated().map_err(|error| event.wrong_amount(error))?;
            sum = add(sum, back)?;
        }
        Ok(sum)
    }

    fn refunded_sets(&self) -> impl Iterator<Item = &MoneySet> {
        let lines = self.refund_line_items.iter().flat_map(|line| [&line.subtotal_set, &line.total_tax_set]);
        let shipping = self.refund_shipping_lines.iter();
        let shipping = shipping.flat_map(|line| [&line.subtotal_amount_set, &line.tax_amount_set]);
        lines.chain(shipping).flatten()
    }

    fn adjusted_sets(&self) -> impl Iterator<Item = &MoneySet> {
        let sets = self.order_adjustments.iter().flat_map(|one| [&one.amount_set, &one.tax_amount_set]);
        sets.flatten()
    }

    fn sets(&self) -> impl Iterator<Item = &MoneySet> {
        self.refunded_sets().chain(self.adjusted_sets()).chain(&self.total_duties_set)
    }
}
