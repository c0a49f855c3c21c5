//! A refund, dispute or cancellation: applied to its conversion, or kept until that is known.

use domain::{
    commission::refund,
    conversion::{Refund, RefundStage, conversion_id},
    id::ConversionId,
};
use runtime::{Failure, Outcome};
use store::{
    accrual::Written,
    conversion::Record,
    park::{Parked, Queue},
};

use crate::{ATTEMPTS, Counter, busy};

impl Counter {
    /// Counts what is told of a refund of the charge with this id or alias.
    pub(crate) async fn refund(&self, external_id: &str, fact: &Refund) -> Outcome {
        for _ in 0..ATTEMPTS {
            let canonical = self.store.canonical_id(&self.program.id, &self.source, external_id).await?;
            let id = conversion_id(&self.program.id, &self.source, &canonical);
            let record = self.store.conversion(&id).await?;
            if record.refunds.iter().any(|known| known.is_same(fact)) {
                return self.apply_waiting_refunds(&id).await;
            }
            let written = match record.conversion() {
                Some(_) => self.apply(&record, fact).await?,
                None => {
                    let (program, source) = (&self.program.id, &self.source);
                    self.store.keep_refund_waiting(&record, program, source, &canonical, fact).await?
                }
            };
            if written == Written::Now {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Applies the refunds that came before the charge they belong to. One that can never count
    /// is refused and parked; it must not keep the others waiting.
    pub(crate) async fn apply_waiting_refunds(&self, id: &ConversionId) -> Outcome {
        let mut attempts = ATTEMPTS;
        loop {
            let record = self.store.conversion(id).await?;
            let Some(waiting) = record.waiting.first().filter(|_| record.conversion().is_some()) else {
                return Ok(());
            };
            match self.apply(&record, waiting).await {
                Ok(Written::Now) => attempts = ATTEMPTS,
                Ok(Written::Stale) if attempts == 0 => return Err(busy()),
                Ok(Written::Stale) => attempts -= 1,
                Err(Failure::Reject { code, detail }) => self.refuse(id, waiting, &code, &detail).await?,
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn apply(&self, record: &Record, fact: &Refund) -> Result<Written, Failure> {
        let Some(known) = record.conversion() else { return Ok(Written::Stale) };
        let reversal = refund(&known.value, &record.lines(), &record.applied, fact, self.now)
            .map_err(|error| Failure::reject("refund_refused", error))?;
        if reversal.excess > 0 && fact.stage == RefundStage::Done {
            self.note_excess(record, fact, reversal.excess).await?;
        }
        Ok(self.store.apply_refund(record, fact, &reversal, self.now).await?)
    }

    /// Refunds beyond the charge take nothing more from anybody; a person should know that something
    /// was refunded twice, or reported wrongly. Noted first: once it is applied, it is not seen again.
    async fn note_excess(&self, record: &Record, fact: &Refund, excess: i128) -> Outcome {
        let Some(known) = record.conversion() else { return Ok(()) };
        let amount = known.value.charge.amount;
        let detail = format!("{excess} minor units were refunded beyond the charge of {amount}");
        self.park(&known.value.id, fact, "refunds_exceed_charge", &detail).await
    }

    pub(crate) async fn refuse(&self, id: &ConversionId, fact: &Refund, code: &str, detail: &str) -> Outcome {
        // Parked first: a refund that is marked as refused is not looked at again.
        self.park(id, fact, code, detail).await?;
        Ok(self.store.refuse_refund(id, fact).await?)
    }

    async fn park(&self, id: &ConversionId, fact: &Refund, code: &str, detail: &str) -> Outcome {
        let message_id = fact.subject(id).join("/");
        let body = fact.amount.map_or_else(|| "the whole charge".to_owned(), |amount| amount.to_string());
        let (code, detail) = (code.to_owned(), detail.to_owned());
        let parked = Parked { queue: Queue::Refunds, message_id, body, code, detail, parked_at: self.now };
        Ok(runtime::park(&self.store, &parked).await?)
    }
}
