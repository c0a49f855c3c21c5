//! `replay --table NAME [--program ID] [--from DAY] [--to DAY] [--endpoint-url URL]`: recomputes
//! the journal from the stored facts.
//!
//! Every attributed conversion of the program, or of all of them, is read with its entries. Ends
//! with a line of counts and the hash of the journal, or with the first difference and exit code 1.

use std::process::ExitCode;

use audit::{Arguments, Stop, each_program, end};
use domain::{id::ProgramId, program::Program, replay::Tally};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use runtime::clock;
use store::{Store, history::Walk};

const USAGE: &str = "replay --table NAME [--program ID] [--from DAY] [--to DAY] [--endpoint-url URL]";

/// Conversions that are in memory at a time.
const PAGE: usize = 1_000;

/// The first and the last day that are replayed; none for all there are.
#[derive(Debug, Clone, Copy)]
struct Days {
    from: Option<Date>,
    to: Option<Date>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<String, Stop> {
    let arguments = Arguments::of_process(USAGE, &["--program", "--from", "--to"])?;
    let days = Days { from: arguments.value("--from")?, to: arguments.value("--to")? };
    let wanted: Option<ProgramId> = arguments.value("--program")?;
    let store = arguments.store().await?;
    let (mut programs, mut tally) = (0_u64, Tally::new());
    if let Some(id) = &wanted {
        let program = store.program(id).await?;
        let program = program.ok_or_else(|| Stop::Value(format!("there is no program {id}")))?;
        replay(&store, &program, days, &mut tally).await?;
        programs = 1;
    } else {
        each_program(&store, async |program| {
            programs += 1;
            replay(&store, program, days, &mut tally).await
        })
        .await?;
    }
    let Tally { conversions, entries, stored, .. } = tally;
    Ok(format!(
        "no difference: {programs} programs, {conversions} conversions, {entries} entries, hash {stored}"
    ))
}

/// Clocks of workers may be a little ahead.
fn tomorrow(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date().saturating_add(1.day())
}

/// Replays a program, a page in memory at a time, up to the first difference.
async fn replay(store: &Store, program: &Program, days: Days, tally: &mut Tally) -> Result<(), Stop> {
    let plans = store.plans(&program.id).await?;
    let last = days.to.unwrap_or_else(|| tomorrow(clock::now()));
    let first = days.from.map(Walk::from);
    let mut next = Some(first.unwrap_or_else(|| Walk::from_the_first(program, &plans)));
    while let Some(walk) = next {
        let page = store.walk(&program.id, walk, last, PAGE).await?;
        store.replay(&plans, &page.conversions, tally).await?;
        if let Some(found) = tally.first_difference.take() {
            return Err(Stop::Found(format!("difference: {found}")));
        }
        next = page.next;
    }
    Ok(())
}
