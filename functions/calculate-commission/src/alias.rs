//! An alias: the source knows a charge by two ids.

use domain::conversion::conversion_id;
use runtime::{Failure, Outcome};

use crate::Counter;

impl Counter {
    /// Notes that `alias` is another id of the charge, and hands over refunds that came under it.
    pub(crate) async fn alias(&self, alias: &str, external_id: &str) -> Outcome {
        if alias == external_id {
            return Ok(());
        }
        let program = &self.program.id;
        let standing = self.store.note_alias(program, &self.source, alias, external_id).await?;
        if standing != external_id {
            let detail = format!("{alias} is known as another id of {standing}, not of {external_id}");
            return Err(Failure::reject("conflicting_alias", detail));
        }
        let id = conversion_id(program, &self.source, alias);
        let record = self.store.conversion(&id).await?;
        if record.conversion().is_some() {
            let detail =
                format!("{alias} was counted as a charge of its own before it became known as {external_id}");
            return Err(Failure::reject("charge_counted_under_alias", detail));
        }
        for refund in &record.waiting {
            self.refund(external_id, refund).await?;
            self.store.refund_moved(&id, &refund.refund_id).await?;
        }
        Ok(())
    }
}
