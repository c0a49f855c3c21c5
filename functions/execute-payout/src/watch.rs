//! What may become of a payout after its end: paid money comes back, and what failed is paid after all.

use domain::payout::{Payout, PayoutEvent, PayoutStatus};
use providers::payout::{Lookup, Progress};
use runtime::{Outcome, telemetry};
use store::Versioned;

use crate::step::{Step, settled};

impl Step {
    /// Asks the provider whether the end that it told stands, if the time has come.
    pub(crate) async fn watch(&self, read: Versioned<Payout>) -> Outcome {
        let payout = &read.value;
        let Some(provider_id) = payout.provider_id.as_deref().filter(|_| payout.is_look_due(self.now)) else {
            return self.rest(read).await;
        };
        match (payout.status, self.providers.0.status(payout.method.provider, provider_id).await) {
            (PayoutStatus::Paid, Lookup::Found { progress, .. }) => match progress {
                Progress::Returned { code } | Progress::Failed { code } => self.bring_back(read, code).await,
                Progress::Paid | Progress::Pending => self.rest(read).await,
            },
            (_, Lookup::Found { progress: Progress::Paid, .. }) => self.settle_late(read).await,
            (_, Lookup::Unknown { cause }) => {
                tracing::warn!(payout.id = %payout.id, cause, "a payout could not be looked at again");
                self.rest(read).await
            }
            _ => self.rest(read).await,
        }
    }

    /// Marks the commissions that the payout has paid; then it rests until the next look, or for good.
    pub(crate) async fn rest(&self, read: Versioned<Payout>) -> Outcome {
        if read.value.status == PayoutStatus::Paid {
            self.store.cover(&read.value).await?;
        }
        settled(self.store.watch_payout(&read.value, read.revision, self.now).await?)
    }

    /// The commissions are to be paid again, by the next payout.
    pub(crate) async fn uncover(&self, read: Versioned<Payout>) -> Outcome {
        self.store.uncover(&read.value).await?;
        settled(self.store.rest_payout(&read.value.id, read.revision).await?)
    }

    async fn bring_back(&self, read: Versioned<Payout>, code: String) -> Outcome {
        tracing::warn!(payout.id = %read.value.id, code, "the money of a payout came back");
        let returned = Payout { failure: Some(code), ..self.moved(&read, PayoutEvent::Return)? };
        settled(self.store.close_payout(&returned, read.revision).await?)?;
        self.uncover(Versioned { value: returned, revision: read.revision + 1 }).await
    }

    /// What the provider said first was wrong, and the amount may have been paid once more since.
    async fn settle_late(&self, read: Versioned<Payout>) -> Outcome {
        let paid = self.moved(&read, PayoutEvent::SettleLate)?;
        // Rather told twice than never: whoever writes may not come to tell.
        tracing::error!(payout.id = %paid.id, "a payout that had failed was paid after all");
        telemetry::metric("PayoutsPaidLate", 1, &[], self.now);
        settled(self.store.settle_payout_late(&paid, read.revision).await?)?;
        self.rest(Versioned { value: paid, revision: read.revision + 1 }).await
    }
}
