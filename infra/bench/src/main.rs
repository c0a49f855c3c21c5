//! Measures the functions' real binaries, each started as Lambda starts it, against a table in
//! this process; `docs/performance.md` says how to read the figures, and gets them.
//!
//! ```text
//! cargo build --profile ci-release --package <function> ...
//! cargo run --profile ci-release --package bench -- [--write] [--only name,name] [profile ...]
//! cargo run --profile ci-release --package bench -- steps [--write] [profile]
//! cargo run --package bench -- --check-size [profile]
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot go on says so by panicking"
)]
// A scene is a future over the stories of the tests' world, which are futures over its parts.
#![recursion_limit = "256"]

mod measure;
mod meter;
mod process;
mod report;
mod sample;
mod scenes;
mod size;
mod steps;

use std::{path::PathBuf, process::ExitCode};

use tests::{repository, template::Template};

use crate::{measure::Measured, report::Report};

/// What is measured when no profile is named: every function in one that builds quickly, and those
/// that are built as they ship.
const PROFILES: [&str; 2] = ["ci-release", "release"];

/// What the command line asks for.
#[derive(Debug, Default)]
struct Wanted {
    check_size: bool,
    steps: bool,
    write: bool,
    only: Option<Vec<String>>,
    profiles: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let wanted = wanted(std::env::args().skip(1));
    if wanted.check_size {
        let profile = wanted.profiles.first().map_or("release", String::as_str);
        let (lines, kept) = size::check(&folder(profile));
        lines.iter().for_each(|line| say(line));
        return if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if wanted.steps {
        measure_steps(&wanted).await;
    } else {
        measure_functions(wanted).await;
    }
    ExitCode::SUCCESS
}

/// Functions as a whole, in each profile.
async fn measure_functions(wanted: Wanted) {
    let defaults = || PROFILES.map(str::to_owned).to_vec();
    let profiles = if wanted.profiles.is_empty() { defaults() } else { wanted.profiles };
    let mut report = Report::new(&profiles);
    for function in Template::get().functions() {
        let name = &function.binary;
        if wanted.only.as_ref().is_some_and(|only| !only.contains(name)) {
            continue;
        }
        for profile in &profiles {
            let binary = folder(profile).join(name);
            if binary.exists() {
                let measured = Measured::of(name, &binary).await;
                say(&format!("{profile} {}", measured.line()));
                report.add(profile, measured);
            }
        }
    }
    say(&report.text());
    if wanted.write {
        report.write();
    }
}

/// The steps of those that somebody waits for, in one profile.
async fn measure_steps(wanted: &Wanted) {
    let profile = wanted.profiles.first().map_or(PROFILES[0], String::as_str);
    let mut report = steps::Report::new(profile);
    for function in steps::FUNCTIONS {
        let binary = folder(profile).join(function);
        report.add(steps::Measured::of(steps::of(function).await, &binary).await);
    }
    say(&report.text());
    if wanted.write {
        report.write();
    }
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Wanted {
    let mut wanted = Wanted::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "steps" => wanted.steps = true,
            "--check-size" => wanted.check_size = true,
            "--write" => wanted.write = true,
            "--only" => {
                let names = arguments.next().unwrap_or_default();
                wanted.only = Some(names.split(',').map(str::to_owned).collect());
            }
            _ => wanted.profiles.push(argument),
        }
    }
    wanted
}

/// Where cargo puts the binaries of a profile.
fn folder(profile: &str) -> PathBuf {
    repository::root().join("target").join(profile)
}

#[expect(clippy::print_stdout, reason = "a command answers on its standard output")]
fn say(line: &str) {
    println!("{line}");
}
