//! A referral: the customer is tied to the partner whose link was followed.

use domain::{conversion::Referral, id::CustomerId};
use runtime::{Failure, Outcome};
use store::{accrual::Written, customer::Binding};

use crate::{ATTEMPTS, Counter, busy};

impl Counter {
    /// Ties the customer to the partner, then looks again at conversions that waited for it.
    pub(crate) async fn referral(&self, referral: &Referral) -> Outcome {
        let (program, customer) = (&self.program.id, &referral.customer.id);
        if self.store.binding(program, customer).await?.is_none() {
            let touch = self.referral_touch(&referral.click_id, referral.occurred_at).await?;
            let touch = touch.map_err(|reason| Failure::reject("referral_not_valid", reason))?;
            self.store.bind(program, customer, Binding { touch, made_by: None, first_sale_at: None }).await?;
        }
        self.credit_waiting(customer).await
    }

    /// Looks again at the customer's conversions that nobody is credited for, once there is a tie.
    pub(crate) async fn credit_waiting(&self, customer: &CustomerId) -> Outcome {
        let program = &self.program.id;
        let waiting = self.store.waiting_conversions(program, customer).await?;
        if waiting.is_empty() || self.store.binding(program, customer).await?.is_none() {
            return Ok(());
        }
        for conversion in waiting {
            self.attribute_again(&conversion).await?;
            self.store.stop_waiting(program, customer, &conversion).await?;
        }
        Ok(())
    }

    /// Credits a conversion that was credited to nobody, if the tie allows it.
    async fn attribute_again(&self, id: &domain::id::ConversionId) -> Outcome {
        for _ in 0..ATTEMPTS {
            let record = self.store.conversion(id).await?;
            let Some(known) = record.conversion().filter(|known| known.value.attribution.touch().is_none())
            else {
                return self.apply_waiting_refunds(id).await;
            };
            if self.record(&record, known.value.clone()).await? == Written::Now {
                return self.apply_waiting_refunds(id).await;
            }
        }
        Err(busy())
    }
}
