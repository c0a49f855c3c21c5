//! An alias: the source knows a charge by two ids.

use domain::conversion::conversion_id;
use runtime::{Failure, Outcome};
use store::{accrual::Written, conversion::Head};

use crate::{ATTEMPTS, Counter, busy};

impl Counter {
    /// Notes that `alias` is another id of the charge, and hands over refunds that came under it.
    pub(crate) async fn alias(&self, alias: &str, external_id: &str) -> Outcome {
        if alias == external_id {
            return Ok(());
        }
        let (program, source) = (&self.program.id, &self.source);
        let id = conversion_id(program, source, alias);
        for _ in 0..ATTEMPTS {
            let record = self.store.conversion(&id).await?;
            let written = match &record.head {
                Head::Alias { of } if of == external_id => Written::Now,
                Head::Alias { of } => {
                    let detail = format!("{alias} is known as another id of {of}, not of {external_id}");
                    return Err(Failure::reject("conflicting_alias", detail));
                }
                Head::Known(_) => {
                    let detail = format!("{alias} was counted as a charge of its own, not as {external_id}");
                    return Err(Failure::reject("charge_counted_under_alias", detail));
                }
                Head::Unknown | Head::Stub { .. } => {
                    self.store.note_alias(&record, program, source, alias, external_id).await?
                }
            };
            if written == Written::Now {
                for refund in &record.waiting {
                    match self.refund(external_id, refund).await {
                        Ok(()) => self.store.refund_moved(&id, refund).await?,
                        // One that can never count must not keep the others waiting.
                        Err(Failure::Reject { code, detail }) => {
                            self.refuse(&id, refund, &code, &detail).await?;
                        }
                        Err(failure) => return Err(failure),
                    }
                }
                return Ok(());
            }
        }
        Err(busy())
    }
}
