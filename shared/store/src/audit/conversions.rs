//! Conversions with their lines, refunds and entries.

use std::collections::BTreeSet;

use domain::{
    audit::{AwardCase, Breach, Case, Check, unexplained},
    bonus::Award,
    id::{ConversionId, TransactionId},
    ledger::Transaction,
};
use futures_util::future::try_join_all;

use super::{Report, Scope, Touched, entry, unreadable};
use crate::{Store, conversion::Record, error::Error, key, table::Read};

/// Conversions that are read at a time.
const AT_A_TIME: usize = 16;

impl Store {
    pub(super) async fn audit_conversions(
        &self,
        touched: Touched,
        scope: &Scope,
        report: &mut Report,
    ) -> Result<(), Error> {
        let touched: Vec<_> = touched.into_iter().collect();
        for some in touched.chunks(AT_A_TIME) {
            let looks = some.iter().map(|(id, booked)| Box::pin(self.audit_conversion(id, booked)));
            for ((id, booked), first) in some.iter().zip(try_join_all(looks).await?) {
                report.add(Box::pin(self.confirm(id, booked, first, scope)).await?);
            }
        }
        Ok(())
    }

    /// What is still wrong at a second look: its items are read one after the other, and a refund
    /// may have been written in between.
    async fn confirm(
        &self,
        id: &ConversionId,
        booked: &BTreeSet<TransactionId>,
        mut seen: Vec<Breach>,
        scope: &Scope,
    ) -> Result<Vec<Breach>, Error> {
        if !seen.is_empty() {
            tokio::time::sleep(scope.pause).await;
            let again = self.audit_conversion(id, booked).await?;
            seen.retain(|breach| again.iter().any(|other| other.is_same(breach)));
        }
        Ok(seen)
    }

    /// One look at a conversion, and at what was booked for it.
    async fn audit_conversion(
        &self,
        id: &ConversionId,
        booked: &BTreeSet<TransactionId>,
    ) -> Result<Vec<Breach>, Error> {
        let record = match unreadable(self.conversion(id).await)? {
            Ok(record) => record,
            Err(breach) => return Ok(vec![breach]),
        };
        if let Some(award) = &record.award {
            return self.audit_award(&award.value, &record, booked).await;
        }
        let Some(known) = record.conversion() else {
            return Ok(vec![Breach::new(
                Check::Booking,
                &[id],
                "something was booked for a charge that is not known",
            )]);
        };
        let ids = Case::entry_ids(&known.value, &record.applied, &record.adjustments);
        let entries = match unreadable(self.entries(&ids).await)? {
            Ok(entries) => entries,
            Err(breach) => return Ok(vec![breach]),
        };
        let lines = record.lines();
        let case = Case {
            conversion: &known.value,
            lines: &lines,
            refunds: &record.applied,
            adjustments: &record.adjustments,
            entries: &entries,
        };
        let mut breaches = case.breaches();
        breaches.extend(unexplained(id, booked, &ids));
        Ok(breaches)
    }

    async fn audit_award(
        &self,
        award: &Award,
        record: &Record,
        booked: &BTreeSet<TransactionId>,
    ) -> Result<Vec<Breach>, Error> {
        let adjustments = &record.adjustments;
        let ids = AwardCase::entry_ids(award, adjustments);
        Ok(match unreadable(self.entries(&ids).await)? {
            Ok(entries) => {
                let case = AwardCase { award, lines: &record.lines(), adjustments, entries: &entries };
                let unexplained = unexplained(&award.id, booked, &ids);
                case.breaches().into_iter().chain(unexplained).collect()
            }
            Err(breach) => vec![breach],
        })
    }

    async fn entries(&self, ids: &[TransactionId]) -> Result<Vec<Transaction>, Error> {
        let keys: Vec<_> = ids.iter().map(key::journal).collect();
        self.batch_get(&keys, Read::Strong).await?.into_iter().map(entry).collect()
    }
}
