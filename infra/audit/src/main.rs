//! `audit --table NAME [--endpoint-url URL]`: checks everything that must hold of the ledger.
//!
//! Every conversion of every program is recomputed, whatever its age. Ends with a line of counts,
//! or with the first breach, the items it concerns, and exit code 1.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use runtime::{Environment, clock, telemetry};
use store::{Store, audit::Scope};

const USAGE: &str = "usage: audit --table NAME [--endpoint-url URL]";

/// Between two looks at what seems wrong: longer than an index lags behind.
const PAUSE: Duration = Duration::from_secs(1);

/// What ends the command early.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("{USAGE}")]
    Usage,
    #[error("{0}")]
    Breach(String),
    #[error(transparent)]
    Setup(#[from] runtime::Error),
    #[error("the table cannot be read")]
    Table(#[from] store::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (line, code) = match run().await {
        Ok(summary) => (summary, ExitCode::SUCCESS),
        Err(Stop::Breach(breach)) => (format!("breach: {breach}"), ExitCode::FAILURE),
        Err(stop) => (format!("error: {}", telemetry::chain(&stop)), ExitCode::from(2)),
    };
    // A reader that has gone away is told by the exit code alone.
    drop(writeln!(io::stdout(), "{line}"));
    code
}

async fn run() -> Result<String, Stop> {
    let environment = Environment::from_process().await.with_variables(variables()?);
    let store = environment.store()?;
    audit(&store).await
}

/// The arguments as the variables that the functions know.
fn variables() -> Result<BTreeMap<String, String>, Stop> {
    let mut variables = BTreeMap::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let name = match name.as_str() {
            "--table" => "TABLE_NAME",
            "--endpoint-url" => "AWS_ENDPOINT_URL_DYNAMODB",
            _ => return Err(Stop::Usage),
        };
        variables.insert(name.to_owned(), arguments.next().ok_or(Stop::Usage)?);
    }
    if variables.contains_key("TABLE_NAME") { Ok(variables) } else { Err(Stop::Usage) }
}

async fn audit(store: &Store) -> Result<String, Stop> {
    let scope = Scope { since: None, now: clock::now(), pause: PAUSE };
    if let Some(breach) = store.audit_liveness(scope.now).await?.first() {
        return Err(Stop::Breach(breach.to_string()));
    }
    let mut programs = 0_u64;
    let mut counts = [0_u64; 6];
    let mut start = None;
    loop {
        let (page, next) = store.programs_page(start).await?;
        for program in page {
            let report = store.audit_program(&program, &scope).await?;
            if let Some(breach) = report.breaches.first() {
                let more = report.breached.saturating_sub(1);
                return Err(Stop::Breach(format!("{}: {breach}, and {more} more", program.id)));
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
        }
        start = next;
        if start.is_none() {
            break;
        }
    }
    let [transactions, conversions, commissions, payouts, accounts, restless] = counts;
    let summary = format!(
        "no breach: {programs} programs, {transactions} transactions, {conversions} conversions, \
         {commissions} commissions, {payouts} payouts, {accounts} accounts"
    );
    Ok(if restless == 0 { summary } else { format!("{summary}; {restless} accounts never stood still") })
}
