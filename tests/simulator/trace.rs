//! What happened, as one number: two runs with the same trace did the same.

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};

/// A running hash over lines.
pub(crate) struct Trace {
    hash: Context,
    lines: u64,
    told: fn(&str),
}

impl Trace {
    /// A trace whose lines are told as they come.
    pub(crate) fn new(told: fn(&str)) -> Self {
        Self { hash: Context::new(&SHA256), lines: 0, told }
    }

    pub(crate) fn note(&mut self, line: &str) {
        (self.told)(line);
        self.lines += 1;
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
    }

    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    pub(crate) fn hash(&self) -> String {
        let hash = self.hash.clone().finish();
        HEXLOWER.encode(&hash.as_ref()[..8])
    }
}
