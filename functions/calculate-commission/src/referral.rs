//! A referral: the customer is tied to the partner whose link was followed.

use domain::{
    attribution::Identity,
    conversion::{Customer, Referral},
    id::{ConversionId, CustomerId},
    plan::PlanVersion,
};
use runtime::{Failure, Outcome};
use store::accrual::Written;

use crate::{ATTEMPTS, Counter, busy};

impl Counter {
    /// Ties the customer to the partner, then looks again at conversions that waited for it.
    pub(crate) async fn referral(&self, referral: &Referral) -> Outcome {
        let plans = self.store.plans(&self.program.id).await?;
        for _ in 0..ATTEMPTS {
            let ties = self.ties(Some(&referral.customer), &plans, None).await?;
            if !ties.untied().is_empty() {
                // Who is tied already stays with that, and so does an address that is new.
                let touch = match ties.own() {
                    Some(binding) => Ok(binding.touch.clone()),
                    None => self.referral_touch(referral, &ties, &plans).await?,
                };
                let invalid = |rejected| Failure::reject("referral_not_valid", format!("{rejected:?}"));
                if self.bind(&ties, touch.map_err(invalid)?, None).await? == Written::Stale {
                    continue;
                }
            }
            return self.credit_waiting(Some(&referral.customer), &plans).await;
        }
        Err(busy())
    }

    /// Looks again at the customer's conversions that nobody is credited for, once there is a tie.
    pub(crate) async fn credit_waiting(&self, customer: Option<&Customer>, plans: &[PlanVersion]) -> Outcome {
        self.credit_all(customer, plans, &mut Vec::new()).await
    }

    /// A conversion that is credited ties its customer's other identities, for which others may wait in
    /// turn. It stops waiting itself after those: who dies in between finds the way to them again.
    async fn credit_all(
        &self,
        customer: Option<&Customer>,
        plans: &[PlanVersion],
        seen: &mut Vec<CustomerId>,
    ) -> Outcome {
        let program = &self.program.id;
        for identity in self.identities(customer, plans) {
            if seen.contains(&identity.id) {
                continue;
            }
            seen.push(identity.id.clone());
            let waiting = self.store.waiting_conversions(program, &identity.id).await?;
            if waiting.is_empty() || self.store.binding(program, &identity.id).await?.is_none() {
                continue;
            }
            for conversion in waiting {
                let customer = self.attribute_again(&conversion, &identity, plans).await?;
                Box::pin(self.credit_all(customer.as_ref(), plans, seen)).await?;
                self.store.stop_waiting(program, &identity.id, &conversion).await?;
            }
        }
        Ok(())
    }

    /// Credits a conversion that was credited to nobody, if the tie it waited for allows it; gives its
    /// customer.
    async fn attribute_again(
        &self,
        id: &ConversionId,
        tied: &Identity,
        plans: &[PlanVersion],
    ) -> Result<Option<Customer>, Failure> {
        for _ in 0..ATTEMPTS {
            let record = self.store.conversion(id).await?;
            let Some(known) = record.conversion() else { return Ok(None) };
            let customer = known.value.charge.customer.clone();
            let is_credited = known.value.attribution.touch().is_some();
            if is_credited
                || self.record(&record, known.value.clone(), plans, Some(tied)).await? == Written::Now
            {
                self.apply_waiting_refunds(id).await?;
                return Ok(customer);
            }
        }
        Err(busy())
    }
}
