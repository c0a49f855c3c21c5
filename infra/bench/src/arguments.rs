//! What the command line asks for.

use std::path::PathBuf;

use ::tests::{repository, template::Template};

use crate::Outcome;

/// What `--help` answers.
pub(crate) const USAGE: &str = "\
Measures the functions' real binaries, each started as Lambda starts it, against a table in this process.
docs/performance.md says how to read the figures.

Usage: cargo run --package bench -- [steps] [OPTION]... [PROFILE]...

  steps               the steps of follow-link and receive-webhook instead of whole functions
  PROFILE             the cargo profile of the binaries; `release`, as they ship, when none is named

  --only NAME,NAME    these functions and no others
  --write             puts the figures into docs/performance.md; of functions, all have to be built
  --check-size        measures nothing, and holds the zips against infra/bench/budget.json
  --target-dir PATH   where cargo put the binaries; `target` when not given
  --help              this text

The binaries are built with `cargo build --release`, or some with `cargo build --release --package NAME`.";

const SHIPPING: &str = "release";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// How to ask.
    Help,
    /// Figures of functions as a whole.
    Functions,
    /// Figures of the steps of some.
    Steps,
    /// Are the zips within the budget?
    CheckSize,
}

/// The command line.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// What to do.
    pub(crate) task: Task,
    /// Do the figures go into the documentation?
    pub(crate) write: bool,
    /// Functions, when not all.
    pub(crate) only: Option<Vec<String>>,
    /// Profiles, one at least.
    pub(crate) profiles: Vec<String>,
    target: PathBuf,
}

impl Arguments {
    /// Reads them.
    pub(crate) fn read(mut given: impl Iterator<Item = String>) -> Outcome<Self> {
        let target = repository::root().join("target");
        let mut read = Self { task: Task::Functions, write: false, only: None, profiles: Vec::new(), target };
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or_else(|| format!("{argument} needs a value; see --help"));
            match argument.as_str() {
                "--help" | "-h" => read.task = Task::Help,
                "steps" => read.task = Task::Steps,
                "--check-size" => read.task = Task::CheckSize,
                "--write" => read.write = true,
                "--only" => read.only = Some(value()?.split(',').map(known).collect::<Outcome<_>>()?),
                "--target-dir" => read.target = value()?.into(),
                option if option.starts_with('-') => {
                    return Err(format!("unknown option {option}; see --help"));
                }
                profile => read.profiles.push(profile.to_owned()),
            }
        }
        if read.write && read.only.is_some() {
            return Err("--write puts all functions into the table: leave out --only".to_owned());
        }
        if read.profiles.is_empty() {
            read.profiles.push(SHIPPING.to_owned());
        }
        Ok(read)
    }

    /// Where the binaries of a profile are.
    pub(crate) fn folder(&self, profile: &str) -> Outcome<PathBuf> {
        let folder = self.target.join(profile);
        if folder.is_dir() {
            Ok(folder)
        } else {
            Err(format!(
                "there is no folder {}; build with: cargo build --profile {profile}",
                folder.display()
            ))
        }
    }
}

/// A name that is a function's.
fn known(name: &str) -> Outcome<String> {
    let functions = Template::get().functions();
    match functions.iter().find(|function| function.binary == name) {
        Some(function) => Ok(function.binary.clone()),
        None => Err(format!("template.yaml has no function {name}; its name is that of its folder")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Outcome<Arguments> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_asks_for_every_function_as_it_ships() {
        let read = read("").unwrap();
        assert_eq!((read.task, read.write, read.only), (Task::Functions, false, None));
        assert_eq!(read.profiles, ["release"]);
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let read = read("steps --write --target-dir /elsewhere quick slow").unwrap();
        assert_eq!((read.task, read.write), (Task::Steps, true));
        assert_eq!((read.profiles, read.target), (vec!["quick".into(), "slow".into()], "/elsewhere".into()));
        assert_eq!(super::tests::read("--only list-links,get-profile").unwrap().only.unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for line in ["--onyl", "--only", "--only no-function", "--target-dir", "--write --only list-links"] {
            assert!(read(line).is_err(), "{line}");
        }
        assert!(read("--target-dir /nowhere").unwrap().folder("release").is_err());
    }
}
