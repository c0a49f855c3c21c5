//! A schedule: everything that must hold of the ledger is checked, and what does not is counted
//! and logged.

use std::collections::BTreeMap;

use domain::audit::{Breach, Check};
use jiff::{SignedDuration, Timestamp};
use runtime::{AuditWindow, Failure, Outcome, telemetry};
use store::Store;

/// What waits for its exchange rate for longer than this needs somebody to look.
const RATE_DUE: SignedDuration = SignedDuration::from_hours(24);

/// Audits program by program. One that cannot be read does not keep the others from being audited.
///
/// The metric `LedgerBreaches` counts what the reports list, all together and by check;
/// `MissingExchangeRates` the rates that sales have been waiting for.
///
/// # Errors
/// When the table cannot be read to its end.
pub async fn handle((store, window): (Store, AuditWindow), now: Timestamp) -> Outcome {
    let scope = window.scope(now);
    let mut counts: BTreeMap<Check, u64> = BTreeMap::new();
    let mut failure = None;
    let mut found: Vec<Breach> = store.audit_liveness(now).await?;
    count(&mut counts, &found, "");
    missing_rates(&store, now).await?;
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

async fn missing_rates(store: &Store, now: Timestamp) -> Outcome {
    let before = now.saturating_sub(RATE_DUE).unwrap_or(now);
    let missing = store.exchange_rates_missing_since(before).await?;
    for rate in &missing {
        tracing::warn!(from = %rate.from, to = %rate.to, day = %rate.day, "sales wait for an exchange rate");
    }
    telemetry::metric("MissingExchangeRates", missing.len().try_into().unwrap_or(u64::MAX), &[], now);
    Ok(())
}

fn count(counts: &mut BTreeMap<Check, u64>, breaches: &[Breach], program: &str) {
    for breach in breaches {
        *counts.entry(breach.check).or_default() += 1;
        tracing::error!(program, check = breach.check.as_str(), items = ?breach.items, "{}", breach.detail);
    }
}
