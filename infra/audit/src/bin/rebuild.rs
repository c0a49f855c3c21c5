//! `rebuild --table NAME [--endpoint-url URL]`: rebuilds every balance and projection from what it is
//! made of, and compares.
//!
//! Nothing is written. Ends with a line of counts, or with a line for each number that differs, their
//! count, and exit code 1. For a table that nobody writes to, such as a restored one.

use std::process::ExitCode;

use audit::{Arguments, Stop, each_program, end};
use runtime::clock;

const USAGE: &str = "rebuild --table NAME [--endpoint-url URL]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<String, Stop> {
    let store = Arguments::of_process(USAGE, &[])?.store().await?;
    let (mut programs, mut counts, mut lines) = (0_u64, [0_u64; 3], Vec::new());
    each_program(&store, async |program| {
        let rebuilt = store.rebuild_program(program, clock::now()).await?;
        let found = [rebuilt.transactions, rebuilt.accounts, rebuilt.figures];
        counts.iter_mut().zip(found).for_each(|(count, found)| *count += found);
        lines.extend(rebuilt.differences.iter().map(|found| format!("difference: {}: {found}", program.id)));
        programs += 1;
        Ok(())
    })
    .await?;
    let [transactions, accounts, figures] = counts;
    let counted = format!(
        "{programs} programs, {transactions} transactions, {accounts} accounts, {figures} balances and counters"
    );
    if lines.is_empty() {
        return Ok(format!("no difference: {counted}"));
    }
    lines.push(format!("{} differ: {counted}", lines.len()));
    Err(Stop::Found(lines.join("\n")))
}
