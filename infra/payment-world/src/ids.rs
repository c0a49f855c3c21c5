//! Ids in the providers' shapes.
//!
//! They derive from the world's seed, so one seed gives one history. The server takes its start
//! time as seed: a restarted stand-in that reused `evt_1` would have its webhooks dropped as
//! duplicates by a receiver that remembers the first run.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

#[derive(Clone, Debug)]
pub(crate) struct Ids {
    seed: i64,
    made: u64,
    secrets: u64,
}

impl Ids {
    pub(crate) fn new(seed: i64) -> Self {
        Self { seed, made: 0, secrets: 0 }
    }

    /// `tr_` and 24 characters.
    pub(crate) fn stripe(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", self.next(24))
    }

    /// 13 characters, as PayPal's batches and items have.
    pub(crate) fn paypal(&mut self) -> String {
        self.next(13)
    }

    /// 26 characters that open something and name nothing: who asks for them more often gets the same ids.
    pub(crate) fn secret(&mut self) -> String {
        self.secrets += 1;
        self.text("secret", self.secrets, 26)
    }

    fn next(&mut self, length: usize) -> String {
        self.made += 1;
        self.text("", self.made, length)
    }

    fn text(&self, kind: &str, number: u64, length: usize) -> String {
        let hash = Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(kind)
            .chain_update(number.to_be_bytes())
            .finalize();
        BASE32_NOPAD.encode(&hash).chars().take(length).collect()
    }
}
