//! What happened, as one number: two runs with the same trace did the same.

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};

/// A running hash over lines.
pub(crate) struct Trace {
    hash: Context,
    lines: u64,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: Context::new(&SHA256), lines: 0 }
    }
}

impl Trace {
    pub(crate) fn note(&mut self, line: &str) {
        self.lines += 1;
        if option_env!("SIMDBG").is_some() || std::path::Path::new("/tmp/simdbg").exists() {
            eprintln!("{line}");
        }
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
