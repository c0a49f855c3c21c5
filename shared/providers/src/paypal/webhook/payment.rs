//! Payments: captures, <https://developer.paypal.com/docs/api/payments/v2/#captures_get>, and sales,
//! <https://developer.paypal.com/docs/api/payments/v1/#sale_get>, which a subscription still makes.

use std::collections::BTreeMap;

use domain::conversion::{Charge, ConversionKind, Fact};
use jiff::Timestamp;
use serde::Deserialize;

use super::money::Amount;
use crate::webhook::{
    ExternalFact, Unreadable,
    buyer::Buyer,
    clicks,
    json::{Event, lenient},
};

#[derive(Deserialize)]
struct Capture {
    id: String,
    status: Option<String>,
    amount: Amount,
    custom_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    create_time: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Sale {
    id: String,
    state: Option<String>,
    amount: Amount,
    custom: Option<String>,
    billing_agreement_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    create_time: Option<Timestamp>,
}

/// `PAYMENT.CAPTURE.COMPLETED`. A capture does not say who paid; its click does, in effect.
pub(super) fn capture_facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let capture: Capture = event.object()?;
    if capture.status.as_deref().is_some_and(|status| status != "COMPLETED") {
        return Ok(Vec::new());
    }
    let paid = Paid {
        kind: ConversionKind::Sale,
        at: capture.create_time,
        customer: Buyer::default(),
        custom: capture.custom_id.as_deref(),
    };
    Ok(vec![ExternalFact::new(capture.id, Fact::Charge(paid.charge(event, &capture.amount)?))])
}

/// `PAYMENT.SALE.COMPLETED`. The subscription stands for its subscriber.
pub(super) fn sale_facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let sale: Sale = event.object()?;
    if sale.state.as_deref().is_some_and(|state| state != "completed") {
        return Ok(Vec::new());
    }
    let subscription = sale.billing_agreement_id.as_deref();
    let paid = Paid {
        kind: if subscription.is_some() { ConversionKind::Renewal } else { ConversionKind::Sale },
        at: sale.create_time,
        customer: Buyer { sender: subscription, ..Buyer::default() },
        custom: sale.custom.as_deref(),
    };
    Ok(vec![ExternalFact::new(sale.id, Fact::Charge(paid.charge(event, &sale.amount)?))])
}

/// What both have in common.
struct Paid<'a> {
    kind: ConversionKind,
    at: Option<Timestamp>,
    customer: Buyer<'a>,
    custom: Option<&'a str>,
}

impl Paid<'_> {
    fn charge(&self, event: &Event<'_>, amount: &Amount) -> Result<Charge, Unreadable> {
        let parts = amount.parts(event)?;
        let zero = domain::money::Money::zero(parts.amount.currency());
        event.checked(Charge {
            kind: self.kind,
            occurred_at: self.at.unwrap_or(event.at),
            amount: parts.amount,
            tax: parts.tax,
            shipping: parts.shipping,
            discount: zero,
            customer: self.customer.customer(event.context),
            clicks: self.custom.and_then(clicks),
            country: None,
            coupon: None,
            lines: Vec::new(),
            splits: Vec::new(),
            aliases: Vec::new(),
            metadata: BTreeMap::new(),
        })
    }
}
