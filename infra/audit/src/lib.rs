//! What the commands have in common: arguments, the table, and how they end.
//!
//! A command prints one line, or one for each thing it has found. Its exit code is 0 when all is well,
//! 1 when something is not, and 2 when it could not look.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    process::ExitCode,
};

use domain::program::Program;
use runtime::{Environment, telemetry};
use store::Store;

/// What ends a command early.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The arguments are not those that it takes.
    #[error("usage: {0}")]
    Usage(&'static str),
    /// Something is wrong with what the table holds.
    #[error("{0}")]
    Found(String),
    /// A value is not what its argument takes.
    #[error("{0}")]
    Value(String),
    /// There is no way to the table.
    #[error(transparent)]
    Setup(#[from] runtime::Error),
    /// The table cannot be read.
    #[error("the table cannot be read")]
    Table(#[from] store::Error),
}

/// The arguments of a command: names with a value each.
#[derive(Debug)]
pub struct Arguments {
    usage: &'static str,
    given: BTreeMap<String, String>,
}

impl Arguments {
    /// Reads the arguments of this process: `--table`, which must be there, `--endpoint-url`, and
    /// those of `others`, each at most once.
    ///
    /// # Errors
    /// When they are others.
    pub fn of_process(usage: &'static str, others: &[&str]) -> Result<Self, Stop> {
        Self::read(usage, others, std::env::args().skip(1))
    }

    fn read(
        usage: &'static str,
        others: &[&str],
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, Stop> {
        let mut given = BTreeMap::new();
        while let Some(name) = arguments.next() {
            let is_known =
                ["--table", "--endpoint-url"].contains(&name.as_str()) || others.contains(&name.as_str());
            let value = arguments.next().filter(|_| is_known).ok_or(Stop::Usage(usage))?;
            if given.insert(name, value).is_some() {
                return Err(Stop::Usage(usage));
            }
        }
        if given.contains_key("--table") { Ok(Self { usage, given }) } else { Err(Stop::Usage(usage)) }
    }

    /// The value of an argument, where it was given.
    ///
    /// # Errors
    /// When it does not read as what it must be.
    pub fn value<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Stop> {
        let Some(text) = self.given.get(name) else { return Ok(None) };
        let wrong = |_| Stop::Value(format!("{name} cannot be {text:?}; usage: {}", self.usage));
        text.parse().map(Some).map_err(wrong)
    }

    /// The table that they name.
    ///
    /// # Errors
    /// When there is no way to it.
    pub async fn store(&self) -> Result<Store, Stop> {
        let variables = [("--table", "TABLE_NAME"), ("--endpoint-url", "AWS_ENDPOINT_URL_DYNAMODB")];
        let value = |(argument, variable): (&str, &str)| {
            Some((variable.to_owned(), self.given.get(argument)?.clone()))
        };
        let variables: BTreeMap<_, _> = variables.into_iter().filter_map(value).collect();
        Ok(Environment::from_process().await.with_variables(variables).store()?)
    }
}

/// Prints what a command says, and tells how it ended.
#[must_use]
pub fn end(said: Result<String, Stop>) -> ExitCode {
    let (text, code) = match said {
        Ok(summary) => (summary, ExitCode::SUCCESS),
        Err(Stop::Found(found)) => (found, ExitCode::FAILURE),
        Err(stop) => (format!("error: {}", telemetry::chain(&stop)), ExitCode::from(2)),
    };
    // A reader that has gone away is told by the exit code alone.
    drop(writeln!(io::stdout(), "{text}"));
    code
}

/// Hands every program of a table to `look`, the earliest first.
///
/// # Errors
/// When the table cannot be read, and whatever `look` ends with.
pub async fn each_program(
    store: &Store,
    mut look: impl AsyncFnMut(&Program) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut start = None;
    loop {
        let (programs, next) = store.programs_page(start).await?;
        for program in &programs {
            look(program).await?;
        }
        start = next;
        if start.is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> Result<Arguments, Stop> {
        Arguments::read("audit", &["--from"], arguments.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_come_in_any_order_and_once() {
        let given = read("--from 2026-11-22 --table t --endpoint-url http://localhost").unwrap();
        assert_eq!(given.value::<String>("--table").unwrap().unwrap(), "t");
        assert_eq!(given.value::<jiff::civil::Date>("--from").unwrap().unwrap().to_string(), "2026-11-22");
        assert!(matches!(
            read("--table t --from today").unwrap().value::<jiff::civil::Date>("--from"),
            Err(Stop::Value(_))
        ));
        for wrong in [
            "",
            "t",
            "--table",
            "--from 2026-11-22",
            "--table t --to x",
            "--table t --table u",
            "--table t -h",
        ] {
            assert!(matches!(read(wrong), Err(Stop::Usage("audit"))), "{wrong}");
        }
    }
}
