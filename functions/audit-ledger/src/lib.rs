//! A schedule: everything that must hold of the ledger is checked, and what does not is counted
//! and logged.

use std::collections::BTreeMap;

use domain::audit::{Breach, Check};
use jiff::Timestamp;
use runtime::{AuditWindow, Failure, Outcome, telemetry};
use store::Store;

/// Audits program by program. One that cannot be read does not keep the others from being audited.
///
/// The metric `LedgerBreaches` counts what the reports list, all together and by check.
///
/// # Errors
/// When the table cannot be read to its end.
pub async fn handle((store, window): (Store, AuditWindow), now: Timestamp) -> Outcome {
    let scope = window.scope(now);
    let mut counts: BTreeMap<Check, u64> = BTreeMap::new();
    let mut failure = None;
    let mut found: Vec<Breach> = store.audit_liveness(now).await?;
    count(&mut counts, &found, "");
    let mut start = None;
    loop {
        let (programs, next) = store.programs_page(start).await?;
        for program in programs {
            match store.audit_program(&program, &scope).await {
                Ok(report) => {
                    found = report.breaches;
                    count(&mut counts, &found, program.id.as_str());
                    tracing::info!(
                        program = %program.id,
                        transactions = report.transactions,
                        conversions = report.conversions,
                        accounts = report.accounts,
                        restless = report.restless,
                        breaches = report.breached,
                        "audited"
                    );
                }
                Err(error) => failure = Some(Failure::from(error)),
            }
        }
        start = next;
        if start.is_none() {
            break;
        }
    }
    for (check, breaches) in &counts {
        telemetry::metric("LedgerBreaches", *breaches, &[("check", check.as_str())], now);
    }
    telemetry::metric("LedgerBreaches", counts.values().sum(), &[], now);
    failure.map_or(Ok(()), Err)
}

fn count(counts: &mut BTreeMap<Check, u64>, breaches: &[Breach], program: &str) {
    for breach in breaches {
        *counts.entry(breach.check).or_default() += 1;
        tracing::error!(program, check = breach.check.as_str(), items = ?breach.items, "{}", breach.detail);
    }
}
