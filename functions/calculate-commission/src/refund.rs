//! A refund: applied to its conversion, or kept until that is known.

use domain::{
    commission::refund,
    conversion::{Refund, conversion_id},
    id::ConversionId,
};
use runtime::{Failure, Outcome};
use store::{accrual::Written, conversion::Record};

use crate::{ATTEMPTS, Counter, busy};

impl Counter {
    /// Counts a refund of the charge with this id or alias.
    pub(crate) async fn refund(&self, external_id: &str, fact: &Refund) -> Outcome {
        for _ in 0..ATTEMPTS {
            let canonical = self.store.canonical_id(&self.program.id, &self.source, external_id).await?;
            let id = conversion_id(&self.program.id, &self.source, &canonical);
            let record = self.store.conversion(&id).await?;
            if record.refund_ids.contains(&fact.refund_id) {
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
        let reversal = refund(&known.value, &record.lines(), fact, self.now)
            .map_err(|error| Failure::reject("refund_refused", error))?;
        Ok(self.store.apply_refund(record, fact, &reversal, self.now).await?)
    }

    pub(crate) async fn refuse(&self, id: &ConversionId, fact: &Refund, code: &str, detail: &str) -> Outcome {
        let name = format!("{id}/{}", fact.refund_id);
        let reason = format!("{code}: {detail}");
        // Parked first: a refund that is marked as refused is not looked at again.
        self.store.park("refunds", &name, &fact.amount.to_string(), &reason, self.now).await?;
        runtime::telemetry::metric("Parked", 1, &[("source", "refunds")], self.now);
        Ok(self.store.refuse_refund(id, fact).await?)
    }
}
