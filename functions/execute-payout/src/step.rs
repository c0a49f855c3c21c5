//! The steps of a payout: what is written before and after each call of its provider.

use domain::{
    partner::PayoutProvider,
    payout::{Payout, PayoutEvent},
};
use jiff::{SignedDuration, Timestamp};
use providers::payout::{Destination, Lookup, Order, Progress, Sent};
use runtime::{Failure, Keyring, Outcome};
use store::{Store, Versioned, accrual::Written};

use crate::PayoutProviders;

/// Stripe forgets a key after 24 hours and PayPal after 30 days: from here on, sending again could
/// pay twice.
const RESEND_LIMIT: SignedDuration = SignedDuration::from_hours(20);

/// PayPal is asked by sending again, so from here on asking could pay twice too.
const PAYPAL_ASKED_UNTIL: SignedDuration = SignedDuration::from_hours(24 * 29);

/// A call whose answer was lost may arrive as late as this. PayPal forgets a batch that it denies, so until
/// then a denial of the same batch, sent again to look it up, does not prove that the first is not paid.
const LATEST_ARRIVAL: SignedDuration = SignedDuration::from_hours(2);

/// A payout's key is made of its id and this number. It is never raised while an outcome is
/// unknown, and a payout that failed for good is followed by another payout.
const ATTEMPT: u32 = 1;

/// What every step is taken with.
pub(crate) struct Step {
    pub(crate) store: Store,
    pub(crate) keyring: Keyring,
    pub(crate) providers: PayoutProviders,
    pub(crate) now: Timestamp,
}

impl Step {
    /// Writes the intent, then calls the provider.
    pub(crate) async fn send(&self, read: Versioned<Payout>) -> Outcome {
        let order = self.order(&read.value).await?;
        let sending = self.moved(&read, PayoutEvent::Send)?;
        settled(self.store.move_payout(&sending, read.revision).await?)?;
        let sending = Versioned { value: sending, revision: read.revision + 1 };
        match self.providers.0.send(&order).await {
            Sent::Accepted { provider_id, settled } => {
                let progress = if settled { Progress::Paid } else { Progress::Pending };
                self.accept(sending, provider_id, progress).await
            }
            Sent::Refused { code, detail } => {
                tracing::warn!(payout.id = %order.payout_id, refusal.code = code, refusal.detail = detail, "payout refused");
                self.fail(sending, code).await
            }
            Sent::Unknown { cause } => {
                tracing::warn!(payout.id = %order.payout_id, cause, "the outcome of a payout is unknown");
                let lost = self.moved(&sending, PayoutEvent::LoseTrack)?;
                settled(self.store.move_payout(&lost, sending.revision).await?)
            }
        }
    }

    /// Proves the outcome of an earlier call; only proof of absence allows to send again.
    pub(crate) async fn find(&self, read: Versioned<Payout>) -> Outcome {
        if !self.may_ask(&read.value) {
            return self.hand_over(read).await;
        }
        let order = self.order(&read.value).await?;
        match self.providers.0.find(&order).await {
            Lookup::Found { progress: Progress::Pending | Progress::Failed { .. }, .. }
                if self.now < arrived_by(&read.value) =>
            {
                settled(self.store.await_payout(&read.value, read.revision, arrived_by(&read.value)).await?)
            }
            Lookup::Found { provider_id, progress } => self.accept(read, provider_id, progress).await,
            Lookup::NotFound if self.may_resend(&read.value) => self.send(read).await,
            Lookup::NotFound => self.hand_over(read).await,
            Lookup::Unknown { cause } => {
                tracing::warn!(payout.id = %order.payout_id, cause, "a payout could not be looked up");
                self.postpone(read).await
            }
        }
    }

    /// Asks the provider how far an accepted payout is.
    pub(crate) async fn follow(&self, read: Versioned<Payout>) -> Outcome {
        let Some(provider_id) = read.value.provider_id.clone() else {
            return Err(Failure::reject("payout_without_provider_id", &read.value.id));
        };
        match self.providers.0.status(read.value.method.provider, &provider_id).await {
            Lookup::Found { progress, .. } => self.progress(read, progress).await,
            Lookup::NotFound | Lookup::Unknown { .. } => self.postpone(read).await,
        }
    }

    /// The provider has the payment under this id.
    async fn accept(&self, read: Versioned<Payout>, provider_id: String, progress: Progress) -> Outcome {
        let accepted = self.moved(&read, PayoutEvent::Accept)?;
        let accepted = Payout { provider_id: Some(provider_id), ..accepted };
        settled(self.store.move_payout(&accepted, read.revision).await?)?;
        self.progress(Versioned { value: accepted, revision: read.revision + 1 }, progress).await
    }

    async fn progress(&self, read: Versioned<Payout>, progress: Progress) -> Outcome {
        match progress {
            Progress::Pending => self.postpone(read).await,
            Progress::Paid => {
                let paid = self.moved(&read, PayoutEvent::Settle)?;
                settled(self.store.close_payout(&paid, read.revision).await?)?;
                self.rest(Versioned { value: paid, revision: read.revision + 1 }).await
            }
            Progress::Failed { code } | Progress::Returned { code } => self.fail(read, code).await,
        }
    }

    async fn fail(&self, read: Versioned<Payout>, code: String) -> Outcome {
        let failed = Payout { failure: Some(code), ..self.moved(&read, PayoutEvent::Fail)? };
        settled(self.store.close_payout(&failed, read.revision).await?)
    }

    async fn postpone(&self, read: Versioned<Payout>) -> Outcome {
        let later = Payout { updated_at: self.now, ..read.value };
        settled(self.store.postpone_payout(&later, read.revision).await?)
    }

    /// The provider's memory of the key has run out: neither sending again nor giving up is safe.
    async fn hand_over(&self, read: Versioned<Payout>) -> Outcome {
        settled(self.store.rest_payout(&read.value.id, read.revision).await?)?;
        let detail = format!(
            "payout {} is not proven, and the provider cannot be asked safely any more: look there",
            read.value.id
        );
        Err(Failure::reject("payout_outcome_unproven", detail))
    }

    fn may_ask(&self, payout: &Payout) -> bool {
        let asked_for = self.now.duration_since(payout.requested_at);
        payout.method.provider != PayoutProvider::Paypal || asked_for < PAYPAL_ASKED_UNTIL
    }

    fn may_resend(&self, payout: &Payout) -> bool {
        self.now.duration_since(payout.requested_at) < RESEND_LIMIT
    }

    pub(crate) fn moved(&self, read: &Versioned<Payout>, event: PayoutEvent) -> Result<Payout, Failure> {
        read.value.after(event, self.now).map_err(Failure::retry)
    }

    /// What the provider is told; the same for every call of this payout.
    async fn order(&self, payout: &Payout) -> Result<Order, Failure> {
        let sealed = self.store.payout_destination(&payout.partner_id, payout.method.version).await?;
        let sealed = sealed.ok_or_else(|| Failure::reject("payout_method_missing", &payout.id))?;
        let opened = self.keyring.open(payout.partner_id.as_str(), &sealed).map_err(Failure::retry)?;
        let destination: Destination = serde_json::from_slice(&opened)
            .map_err(|_| Failure::reject("payout_method_unreadable", &payout.id))?;
        Ok(Order { payout_id: payout.id.clone(), attempt: ATTEMPT, amount: payout.amount, destination })
    }
}

/// When every call of a payout whose outcome is unknown has arrived.
fn arrived_by(payout: &Payout) -> Timestamp {
    payout.updated_at.checked_add(LATEST_ARRIVAL).unwrap_or(payout.updated_at)
}

/// A payout that has changed since it was read is read anew with the next delivery.
pub(crate) fn settled(written: Written) -> Outcome {
    match written {
        Written::Now => Ok(()),
        Written::Stale => Err(Failure::retry("the payout has changed meanwhile")),
    }
}
