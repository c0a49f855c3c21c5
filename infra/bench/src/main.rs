//! Measures the functions' real binaries, each started as Lambda starts it, against a table in
//! this process; `docs/performance.md` says how to read the figures, and gets them. `--help` tells
//! what can be asked for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a scene sets up is our own; what can go wrong with the function is told as an `Outcome`"
)]
// A scene is a future over the stories of the tests' world, which are futures over its parts.
#![recursion_limit = "256"]

mod arguments;
mod measure;
mod meter;
mod process;
mod report;
mod sample;
mod scenes;
mod size;
mod steps;
mod targets;

use std::process::ExitCode;

use ::tests::template::Template;

use crate::{
    arguments::{Arguments, Task, USAGE},
    measure::Measured,
    report::Report,
};

/// Something, or what went wrong and what to do about it.
type Outcome<T> = Result<T, String>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&format!("error: {why}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Outcome<()> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    match arguments.task {
        Task::Help => {
            say(USAGE);
            Ok(())
        }
        Task::Functions => measure_functions(&arguments).await,
        Task::Steps => measure_steps(&arguments).await,
        Task::CheckSize => check_size(&arguments),
    }
}

/// Functions as a whole, in each profile.
async fn measure_functions(arguments: &Arguments) -> Outcome<()> {
    let functions = Template::get().functions().iter().map(|function| &function.binary);
    let is_wanted = |name: &&String| arguments.only.as_ref().is_none_or(|only| only.contains(name));
    let (mut built, mut missing) = (Vec::new(), Vec::new());
    for name in functions.filter(is_wanted) {
        for profile in &arguments.profiles {
            let binary = arguments.folder(profile)?.join(name);
            if binary.exists() {
                built.push((profile, name, binary));
            } else {
                missing.push(format!("{profile}/{name}"));
            }
        }
    }
    if !missing.is_empty() {
        let what = format!("not built: {}", missing.join(", "));
        if arguments.write || arguments.only.is_some() || built.is_empty() {
            return Err(format!("{what}\nBuild them with: cargo build --profile PROFILE"));
        }
        complain(&what);
    }
    let mut report = Report::new(&arguments.profiles);
    for (profile, name, binary) in built {
        let measured = Measured::of(name, &binary).await?;
        say(&format!("{profile} {}", measured.line()));
        report.add(profile, measured);
    }
    say(&format!("\n{}", report.text()));
    if arguments.write { report.write() } else { Ok(()) }
}

/// The steps of those that somebody waits for, in one profile.
async fn measure_steps(arguments: &Arguments) -> Outcome<()> {
    let [profile] = &arguments.profiles[..] else {
        return Err("steps are measured in one profile".to_owned());
    };
    let mut report = steps::Report::new(profile);
    for function in steps::FUNCTIONS {
        let binary = arguments.folder(profile)?.join(function);
        report.add(steps::Measured::of(steps::of(function).await, &binary).await?);
    }
    say(&report.text());
    if arguments.write { report.write() } else { Ok(()) }
}

/// Are the zips within the budget?
fn check_size(arguments: &Arguments) -> Outcome<()> {
    for profile in &arguments.profiles {
        let (lines, broken) = size::check(&arguments.folder(profile)?)?;
        lines.iter().for_each(|line| say(line));
        if !broken.is_empty() {
            return Err(broken.join("\n"));
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command answers on its standard output")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "a command complains on its standard error")]
fn complain(line: &str) {
    eprintln!("{line}");
}
