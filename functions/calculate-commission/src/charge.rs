//! A charge: attributed, priced and recorded, once.

use domain::{
    attribution::{Attribution, Outcome as Credited, Touch, Unattributed},
    conversion::{Charge, Conversion, ConversionKind, Customer, conversion_id},
    id::{ConversionId, CustomerId},
    money::Money,
    program::TouchKind,
};
use runtime::{Failure, Outcome};
use store::{accrual::Written, conversion::Record, customer::Binding};

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
                        return self.follow_up(&id, charge.customer.as_ref()).await;
                    }
                },
            };
            if self.record(&record, conversion).await? == Written::Now {
                return self.follow_up(&id, charge.customer.as_ref()).await;
            }
        }
        Err(busy())
    }

    /// What the charge makes possible: refunds that came before it, and other charges of a customer
    /// whom it has tied to a partner. It may have been counted by a delivery that died before this.
    async fn follow_up(&self, id: &ConversionId, customer: Option<&Customer>) -> Outcome {
        self.apply_waiting_refunds(id).await?;
        match customer {
            Some(customer) => self.credit_waiting(&customer.id).await,
            None => Ok(()),
        }
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

    /// Attributes the conversion and writes it down, with lines when somebody is credited.
    pub(crate) async fn record(&self, record: &Record, conversion: Conversion) -> Result<Written, Failure> {
        let customer = conversion.charge.customer.clone();
        let binding = match &customer {
            Some(customer) => self.store.binding(&self.program.id, &customer.id).await?,
            None => None,
        };
        let plans = self.store.plans(&self.program.id).await?;
        let attributed = self.attribute(&conversion, binding.as_ref(), &plans).await?;
        let conversion = Conversion { attribution: attributed.attribution.clone(), ..conversion };
        let Credited::Attributed(touch) = conversion.attribution.outcome.clone() else {
            let waits_for = customer.as_ref().filter(|_| binding.is_none());
            return Ok(self.store.record_unattributed(record, &conversion, waits_for).await?);
        };
        let first_sale_at = binding.as_ref().and_then(|binding| binding.first_sale_at);
        // What this very sale has noted as the first one, before it was decided again, is none before it.
        let customer_since = first_sale_at.filter(|first| *first < conversion.charge.occurred_at);
        // A shared sale is decided by the merchant each time, and ties the customer to nobody.
        if let Some(customer) = customer.filter(|_| touch.kind != TouchKind::Split) {
            if binding.is_none() && !self.bind(&customer.id, touch, &conversion.id).await? {
                return Ok(Written::Stale);
            }
            if conversion.charge.kind != ConversionKind::Lead {
                self.store.note_sale(&self.program.id, &customer.id, conversion.charge.occurred_at).await?;
            }
        }
        Box::pin(self.accrue(record, conversion, &attributed, &plans, customer_since)).await
    }

    /// Ties the customer to the partner who is credited; false when somebody else was faster and
    /// the decision has to be made again.
    async fn bind(
        &self,
        customer: &CustomerId,
        touch: Touch,
        made_by: &ConversionId,
    ) -> Result<bool, Failure> {
        let tie = Binding { touch, made_by: Some(made_by.clone()), first_sale_at: None };
        let standing = self.store.bind(&self.program.id, customer, tie.clone()).await?;
        Ok(standing.touch == tie.touch)
    }
}

/// The known conversion, when it is to be decided again: it waited for an exchange rate, or another
/// report of it brings a click, so far it is credited to nobody, and no click was known.
fn again(known: &Conversion, charge: &Charge) -> Option<Conversion> {
    if known.attribution.outcome == Credited::Unattributed(Unattributed::NoExchangeRate) {
        return Some(known.clone());
    }
    let matters = known.attribution.touch().is_none() && known.charge.click_id.is_none();
    let click_id = charge.click_id.clone().filter(|_| matters)?;
    Some(Conversion { charge: Charge { click_id: Some(click_id), ..known.charge.clone() }, ..known.clone() })
}
