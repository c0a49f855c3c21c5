//! A charge: attributed, priced and recorded, once.

use domain::{
    attribution::{Attribution, Identity, Outcome as Credited, Unattributed},
    conversion::{Charge, Conversion, ConversionKind, Customer, conversion_id},
    id::ConversionId,
    money::Money,
    plan::PlanVersion,
    program::TouchKind,
};
use runtime::{Failure, Outcome};
use store::{accrual::Written, conversion::Record};

use crate::{ATTEMPTS, Counter, busy};

impl Counter {
    /// Counts a charge, and the refunds that were waiting for it.
    pub(crate) async fn charge(&self, external_id: &str, charge: Charge) -> Outcome {
        charge.check().map_err(|error| Failure::reject("invalid_charge", error))?;
        let external_id = self.store.canonical_id(&self.program.id, &self.source, external_id).await?;
        for alias in &charge.aliases {
            self.alias(alias, &external_id).await?;
        }
        let id = conversion_id(&self.program.id, &self.source, &external_id);
        let plans = self.store.plans(&self.program.id).await?;
        for _ in 0..ATTEMPTS {
            let record = self.store.conversion(&id).await?;
            let conversion = match record.conversion() {
                None => self.new_conversion(&external_id, charge.clone()),
                Some(known) if !known.value.charge.agrees_with(&charge) => {
                    let detail =
                        format!("{id} is known with {}, not {}", known.value.charge.amount, charge.amount);
                    return Err(Failure::reject("conflicting_charge", detail));
                }
                Some(known) => match again(&known.value, &charge) {
                    Some(conversion) => conversion,
                    None => {
                        self.stop_waiting(&known.value).await?;
                        return self.follow_up(&id, known.value.charge.customer.as_ref(), &plans).await;
                    }
                },
            };
            let customer = conversion.charge.customer.clone();
            if self.record(&record, conversion, &plans, None).await? == Written::Now {
                return self.follow_up(&id, customer.as_ref(), &plans).await;
            }
        }
        Err(busy())
    }

    /// What the charge makes possible: refunds that came before it, and other charges of a customer
    /// whom it has tied to a partner. It may have been counted by a delivery that died before this.
    async fn follow_up(
        &self,
        id: &ConversionId,
        customer: Option<&Customer>,
        plans: &[PlanVersion],
    ) -> Outcome {
        self.apply_waiting_refunds(id).await?;
        self.credit_waiting(customer, plans).await
    }

    fn new_conversion(&self, external_id: &str, charge: Charge) -> Conversion {
        Conversion {
            id: conversion_id(&self.program.id, &self.source, external_id),
            program_id: self.program.id.clone(),
            source: self.source.clone(),
            external_id: external_id.to_owned(),
            received_at: self.received_at,
            refunded: Money::zero(charge.amount.currency()),
            charge,
            attribution: Attribution::none(Unattributed::NoTouch),
            terms: None,
        }
    }

    /// Attributes the conversion and writes it down, with lines when somebody is credited. `tied` is
    /// an identity for whose tie it has waited.
    pub(crate) async fn record(
        &self,
        record: &Record,
        conversion: Conversion,
        plans: &[PlanVersion],
        tied: Option<&Identity>,
    ) -> Result<Written, Failure> {
        let ties = self.ties(conversion.charge.customer.as_ref(), plans, tied).await?;
        let attributed = self.attribute(&conversion, &ties, plans).await?;
        let conversion = Conversion { attribution: attributed.attribution.clone(), ..conversion };
        let Some(touch) = conversion.attribution.touch().cloned() else {
            return Ok(self.store.record_unattributed(record, &conversion, &ties.untied()).await?);
        };
        // What this very sale has noted as the first one, before it was decided again, is none before it.
        let occurred_at = conversion.charge.occurred_at;
        let customer_since = ties.first_sale_at().filter(|first| *first < occurred_at);
        // A shared sale is decided by the merchant each time, and ties the customer to nobody.
        if touch.kind != TouchKind::Split {
            if self.bind(&ties, touch, Some(&conversion.id)).await? == Written::Stale {
                return Ok(Written::Stale);
            }
            if conversion.charge.kind != ConversionKind::Lead {
                for identity in ties.identities() {
                    self.store.note_sale(&self.program.id, &identity.id, occurred_at).await?;
                }
            }
        }
        Box::pin(self.accrue(record, conversion, &attributed, plans, customer_since)).await
    }
}

/// The known conversion, when it is to be decided again: it waited for an exchange rate, or nobody is
/// credited so far and another report of it tells of clicks, a coupon, a customer or sharers that were
/// not known.
///
/// As long as nobody is credited, each report is decided for itself, together with what earlier ones
/// have told where it is silent. The first one that credits somebody settles the attribution, and none
/// after it changes that. So where one report only could credit anybody, all orders end the same.
fn again(known: &Conversion, told: &Charge) -> Option<Conversion> {
    match known.attribution.outcome {
        Credited::Attributed(_) => None,
        Credited::Unattributed(Unattributed::NoExchangeRate) => Some(known.clone()),
        Credited::Unattributed(_) => {
            let charge = told_with(&known.charge, told);
            let is_new = charge.clicks != known.charge.clicks
                || charge.coupon != known.charge.coupon
                || charge.customer != known.charge.customer
                || (!told.splits.is_empty() && told.splits != known.charge.splits);
            is_new.then(|| Conversion { charge, ..known.clone() })
        }
    }
}

/// A report of a charge, with what an earlier one has told of the customer where it is silent.
fn told_with(known: &Charge, told: &Charge) -> Charge {
    let mut charge = told.clone();
    charge.clicks = charge.clicks.or_else(|| known.clicks.clone());
    charge.coupon = charge.coupon.or_else(|| known.coupon.clone());
    charge.customer = match (charge.customer, &known.customer) {
        (Some(told), Some(known)) if told.id == known.id => {
            Some(Customer { email_hash: told.email_hash.or_else(|| known.email_hash.clone()), ..told })
        }
        (told, known) => told.or_else(|| known.clone()),
    };
    let aliases = known.aliases.iter().filter(|alias| !told.aliases.contains(alias));
    charge.aliases.extend(aliases.cloned());
    charge
}

#[cfg(test)]
mod tests;
