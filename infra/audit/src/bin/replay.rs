//! `replay --table NAME [--program ID] [--from DAY] [--to DAY] [--endpoint-url URL]`: recomputes
//! the journal from the stored facts.
//!
//! Every attributed conversion of the program, or of all of them, is read with its entries. Ends
//! with a line of counts and the hash of the journal, or with the first difference and exit code 1.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    process::ExitCode,
};

use domain::{
    id::{IdError, ProgramId},
    program::Program,
    replay::{Difference, Tally},
};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use runtime::{Environment, clock, telemetry};
use store::{Store, history::Walk};

const USAGE: &str = "usage: replay --table NAME [--program ID] [--from DAY] [--to DAY] [--endpoint-url URL]";

/// Conversions that are in memory at a time.
const PAGE: usize = 1_000;

/// What ends the command early.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("{USAGE}")]
    Usage,
    #[error("{0}")]
    Difference(Box<Difference>),
    #[error("there is no program {0}")]
    NoProgram(ProgramId),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("a day is written as 2026-11-22")]
    Day(#[from] jiff::Error),
    #[error(transparent)]
    Setup(#[from] runtime::Error),
    #[error("the table cannot be read")]
    Table(#[from] store::Error),
}

/// What is to be replayed.
#[derive(Debug, Default)]
struct Question {
    program: Option<ProgramId>,
    from: Option<Date>,
    to: Option<Date>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (line, code) = match run().await {
        Ok(summary) => (summary, ExitCode::SUCCESS),
        Err(Stop::Difference(found)) => (format!("difference: {found}"), ExitCode::FAILURE),
        Err(stop) => (format!("error: {}", telemetry::chain(&stop)), ExitCode::from(2)),
    };
    // A reader that has gone away is told by the exit code alone.
    drop(writeln!(io::stdout(), "{line}"));
    code
}

async fn run() -> Result<String, Stop> {
    let (question, variables) = arguments()?;
    let environment = Environment::from_process().await.with_variables(variables);
    let store = environment.store()?;
    let (mut programs, mut tally) = (0_u64, Tally::new());
    if let Some(id) = &question.program {
        let program = store.program(id).await?.ok_or_else(|| Stop::NoProgram(id.clone()))?;
        replay(&store, &program, &question, &mut tally).await?;
        programs = 1;
    } else {
        let mut start = None;
        loop {
            let (page, next) = store.programs_page(start).await?;
            for program in page {
                replay(&store, &program, &question, &mut tally).await?;
                programs += 1;
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
    }
    let Tally { conversions, entries, stored, .. } = tally;
    Ok(format!(
        "no difference: {programs} programs, {conversions} conversions, {entries} entries, hash {stored}"
    ))
}

/// The arguments: what is asked, and the rest as the variables that the functions know.
fn arguments() -> Result<(Question, BTreeMap<String, String>), Stop> {
    let (mut question, mut variables) = (Question::default(), BTreeMap::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(Stop::Usage)?;
        match name.as_str() {
            "--table" => drop(variables.insert("TABLE_NAME".to_owned(), value)),
            "--endpoint-url" => drop(variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), value)),
            "--program" => question.program = Some(value.parse()?),
            "--from" => question.from = Some(value.parse()?),
            "--to" => question.to = Some(value.parse()?),
            _ => return Err(Stop::Usage),
        }
    }
    if variables.contains_key("TABLE_NAME") { Ok((question, variables)) } else { Err(Stop::Usage) }
}

/// Clocks of workers may be a little ahead.
fn tomorrow(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date().saturating_add(1.day())
}

/// Replays a program, a page in memory at a time, up to the first difference.
async fn replay(
    store: &Store,
    program: &Program,
    question: &Question,
    tally: &mut Tally,
) -> Result<(), Stop> {
    let plans = store.plans(&program.id).await?;
    let last = question.to.unwrap_or_else(|| tomorrow(clock::now()));
    let first = question.from.map(Walk::from);
    let mut next = Some(first.unwrap_or_else(|| Walk::from_the_first(program, &plans)));
    while let Some(walk) = next {
        let page = store.walk(&program.id, walk, last, PAGE).await?;
        store.replay(&plans, &page.conversions, tally).await?;
        if let Some(found) = tally.first_difference.take() {
            return Err(Stop::Difference(Box::new(found)));
        }
        next = page.next;
    }
    Ok(())
}
