//! What an attributed conversion earns, and its recording.

use domain::{
    accrual::accrue,
    agreement::Agreement,
    commission::{Inputs, Sponsor, calculate},
    conversion::Conversion,
    money::Money,
    plan::{InactiveUpline, PlanVersion, in_force},
    risk::HoldReason,
};
use jiff::Timestamp;
use runtime::Failure;
use store::{accrual::Written, conversion::Record};

use crate::Counter;

impl Counter {
    /// Prices the conversion by the plan in force and writes it down with its lines.
    pub(crate) async fn accrue(
        &self,
        record: &Record,
        conversion: Conversion,
        agreement: Option<&Agreement>,
        customer_since: Option<Timestamp>,
    ) -> Result<Written, Failure> {
        let (Some(agreement), Some(touch)) = (agreement, conversion.attribution.touch()) else {
            return Err(Failure::retry("an attributed conversion without its agreement"));
        };
        let occurred_at = conversion.charge.occurred_at;
        let plans = self.store.plans(&self.program.id).await?;
        let Some(plan) = in_force(&plans, occurred_at) else {
            let detail = format!("program {} has no plan in force at {occurred_at}", self.program.id);
            return Err(Failure::reject("no_plan_in_force", detail));
        };
        let upline = self.upline(plan, agreement, occurred_at).await?;
        let inputs =
            Inputs { plan, agreement, touch, charge: &conversion.charge, upline: &upline, customer_since };
        let calculation = calculate(&inputs).map_err(|error| Failure::reject("amount_too_large", error))?;
        let hold = self.hold_reason(&conversion, agreement).await?;
        let conversion = Conversion {
            terms: Some(calculation.terms.clone()),
            refunded: Money::zero(self.program.currency),
            ..conversion
        };
        let accrual = accrue(&conversion, &calculation, hold, self.now).map_err(Failure::retry)?;
        Ok(self.store.accrue(record, &conversion, &accrual).await?)
    }

    /// The sponsors above, nearest first. Their enrolments are read only where the plan asks.
    async fn upline(
        &self,
        plan: &PlanVersion,
        agreement: &Agreement,
        at: Timestamp,
    ) -> Result<Vec<Sponsor>, Failure> {
        let ancestors = &agreement.ancestors;
        let sponsor = |id: &domain::id::PartnerId, is_active| Sponsor { partner_id: id.clone(), is_active };
        if plan.plan.levels.is_empty() || plan.plan.inactive_upline == InactiveUpline::Accrue {
            return Ok(ancestors.iter().map(|id| sponsor(id, true)).collect());
        }
        let known = self.store.agreements(&self.program.id, ancestors).await?;
        let is_active = |id: &domain::id::PartnerId| {
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
