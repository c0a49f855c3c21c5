//! What an attributed conversion earns, and its recording.

use domain::{
    accrual::accrue,
    agreement::Agreement,
    attribution::Touch,
    commission::{CapUse, Inputs, Seller, Sponsor, calculate, cap_counters},
    conversion::Conversion,
    id::PartnerId,
    money::Money,
    plan::{InactiveUpline, PlanVersion, pricing},
    risk::HoldReason,
};
use jiff::Timestamp;
use runtime::Failure;
use store::{accrual::Written, conversion::Record};

use crate::{Counter, exchange::Exchange, touches::Attributed};

impl Counter {
    /// Prices the conversion by the plan that holds for it and writes it down with its lines.
    pub(crate) async fn accrue(
        &self,
        record: &Record,
        conversion: Conversion,
        attributed: &Attributed,
        plans: &[PlanVersion],
        customer_since: Option<Timestamp>,
    ) -> Result<Written, Failure> {
        let (Some(agreement), Some(touch)) = (&attributed.agreement, conversion.attribution.touch()) else {
            return Err(Failure::retry("an attributed conversion without its agreement"));
        };
        let occurred_at = conversion.charge.occurred_at;
        let Some(plan) = pricing(plans, occurred_at, customer_since) else {
            let detail = format!("program {} has no plan in force at {occurred_at}", self.program.id);
            return Err(Failure::reject("no_plan_in_force", detail));
        };
        let exchange = self.exchange(&conversion).await?;
        if matches!(exchange, Exchange::Missing) {
            return self.wait_for_rate(record, conversion).await;
        }
        let caps = self.caps(plan, touch, &conversion).await?;
        let calculation = calculate(&Inputs {
            plan,
            seller: &Seller::of(agreement, occurred_at),
            touch,
            charge: &conversion.charge,
            upline: &self.upline(plan, agreement, occurred_at).await?,
            customer_since,
            active_splits: &attributed.active_splits,
            exchange: exchange.rate(),
            caps: &caps,
        })
        .map_err(|error| Failure::reject("amount_too_large", error))?;
        let hold = self.hold_reason(&conversion, agreement).await?;
        let conversion = Conversion {
            terms: Some(calculation.terms.clone()),
            refunded: Money::zero(conversion.charge.amount.currency()),
            ..conversion
        };
        let accrual = accrue(&conversion, &calculation, hold, self.now).map_err(Failure::retry)?;
        let written = self.store.accrue(record, &conversion, &accrual, &caps).await?;
        if written == Written::Now && record.conversion().is_some() {
            self.stop_waiting(&conversion).await?;
        }
        Ok(written)
    }

    /// The caps that the conversion counts in, and what of them was used before.
    async fn caps(
        &self,
        plan: &PlanVersion,
        touch: &Touch,
        conversion: &Conversion,
    ) -> Result<Vec<CapUse>, Failure> {
        let (caps, counters): (Vec<_>, Vec<_>) =
            cap_counters(plan, touch, &conversion.charge).into_iter().unzip();
        if caps.is_empty() {
            return Ok(Vec::new());
        }
        let used = self.store.cap_usage(&self.program.id, &counters).await?;
        let uses = caps.into_iter().zip(counters).zip(used);
        Ok(uses.map(|((cap, counter), used)| CapUse { cap, counter, used }).collect())
    }

    /// The sponsors above, nearest first. Their enrolments are read only where the plan asks.
    async fn upline(
        &self,
        plan: &PlanVersion,
        agreement: &Agreement,
        at: Timestamp,
    ) -> Result<Vec<Sponsor>, Failure> {
        let ancestors = &agreement.ancestors;
        let sponsor = |id: &PartnerId, is_active| Sponsor { partner_id: id.clone(), is_active };
        if plan.plan.levels.is_empty() || plan.plan.inactive_upline == InactiveUpline::Accrue {
            return Ok(ancestors.iter().map(|id| sponsor(id, true)).collect());
        }
        let known = self.store.agreements(&self.program.id, ancestors).await?;
        let is_active = |id: &PartnerId| {
            known.iter().any(|agreement| agreement.partner_id == *id && agreement.is_active_at(at))
        };
        Ok(ancestors.iter().map(|id| sponsor(id, is_active(id))).collect())
    }

    /// Why the conversion is to be reviewed first, if it is.
    async fn hold_reason(
        &self,
        conversion: &Conversion,
        agreement: &Agreement,
    ) -> Result<Option<HoldReason>, Failure> {
        let customer = conversion.charge.customer.as_ref();
        let Some(hash) = customer.and_then(|customer| customer.email_hash.as_deref()) else {
            return Ok(None);
        };
        let partner = self.store.partner(&agreement.partner_id).await?;
        let is_own = partner.is_some_and(|partner| self.keyring.is_email_hash(&partner.value.email, hash));
        Ok(is_own.then_some(HoldReason::SelfReferral))
    }
}
