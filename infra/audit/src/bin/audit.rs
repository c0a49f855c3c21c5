//! `audit --table NAME [--endpoint-url URL]`: checks everything that must hold of the ledger.
//!
//! Every conversion of every program is recomputed, whatever its age. Ends with a line of counts,
//! or with the first breach, the items it concerns, and exit code 1.

use std::{process::ExitCode, time::Duration};

use audit::{Arguments, Stop, each_program, end};
use runtime::clock;
use store::{Store, audit::Scope};

const USAGE: &str = "audit --table NAME [--endpoint-url URL]";

/// Between two looks at what seems wrong: longer than an index lags behind.
const PAUSE: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<String, Stop> {
    let store = Arguments::of_process(USAGE, &[])?.store().await?;
    audit(&store).await
}

async fn audit(store: &Store) -> Result<String, Stop> {
    let scope = Scope { since: None, now: clock::now(), pause: PAUSE };
    if let Some(breach) = store.audit_liveness(scope.now).await?.first() {
        return Err(Stop::Found(format!("breach: {breach}")));
    }
    let mut programs = 0_u64;
    let mut counts = [0_u64; 6];
    each_program(store, async |program| {
        let report = store.audit_program(program, &scope).await?;
        if let Some(breach) = report.breaches.first() {
            let more = report.breached.saturating_sub(1);
            return Err(Stop::Found(format!("breach: {}: {breach}, and {more} more", program.id)));
        }
        let found = [
            report.transactions,
            report.conversions,
            report.commissions,
            report.payouts,
            report.accounts,
            report.restless,
        ];
        counts.iter_mut().zip(found).for_each(|(count, found)| *count += found);
        programs += 1;
        Ok(())
    })
    .await?;
    let [transactions, conversions, commissions, payouts, accounts, restless] = counts;
    let summary = format!(
        "no breach: {programs} programs, {transactions} transactions, {conversions} conversions, \
         {commissions} commissions, {payouts} payouts, {accounts} accounts"
    );
    Ok(if restless == 0 { summary } else { format!("{summary}; {restless} accounts never stood still") })
}
