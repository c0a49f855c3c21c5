//! One libFuzzer program for all targets; `FUZZ_TARGET` names the one to run. Without it the names of all
//! are printed. `infra/fuzz/run.py` runs them in turn.

#![no_main]

use std::{
    env,
    io::{self, Write},
    process,
    sync::OnceLock,
};

use fuzz::{Target, mutate};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = env::var("FUZZ_TARGET").unwrap_or_default();
        match Target::named(&name) {
            Some(target) => drop(TARGET.set(target)),
            None => {
                let _ = writeln!(io::stdout(), "{}", Target::names().join("\n"));
                process::exit(0);
            }
        }
    },
    |data: &[u8]| {
        if let Some(target) = TARGET.get() {
            target.run(data);
        }
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed)
});
