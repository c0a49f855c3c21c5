//! A running hash over journal entries, small enough to travel with a cursor.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ledger::Transaction;

/// A chain of SHA-256 over the canonical bytes of entries: each link covers all that came before.
/// Two chains are equal when the same entries were added in the same order, and only then.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JournalHash([u8; 32]);

/// A text that is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lower-case hexadecimal digits")]
pub struct HashError;

impl JournalHash {
    /// The hash of no entry.
    #[must_use]
    pub fn start() -> Self {
        Self([0; 32])
    }

    /// Adds an entry: everything in it, in its order.
    pub fn add(&mut self, entry: &Transaction) {
        let mut link = Link::after(self);
        link.text("entry");
        for text in [entry.id.as_str(), entry.program_id.as_str(), entry.kind.as_str(), &entry.subject] {
            link.text(text);
        }
        link.text(&entry.at.to_string());
        link.text(entry.currency.code());
        for posting in &entry.postings {
            link.text(&posting.account.to_string());
            link.0.update(posting.minor.to_be_bytes());
            link.text(&posting.level.map_or_else(String::new, |level| level.to_string()));
        }
        *self = link.close();
    }

    /// Adds something that is no entry and should be one.
    pub(super) fn add_flaw(&mut self, text: &str) {
        let mut link = Link::after(self);
        link.text("flaw");
        link.text(text);
        *self = link.close();
    }
}

/// One link of the chain. Each text is preceded by its length, so that no two entries look the same.
struct Link(Sha256);

impl Link {
    fn after(before: &JournalHash) -> Self {
        Self(Sha256::new_with_prefix(before.0))
    }

    fn text(&mut self, text: &str) {
        self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn close(self) -> JournalHash {
        JournalHash(self.0.finalize().into())
    }
}

impl fmt::Display for JournalHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for JournalHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<JournalHash> for String {
    fn from(hash: JournalHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for JournalHash {
    type Error = HashError;

    fn try_from(text: String) -> Result<Self, HashError> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| HashError)?;
        bytes.try_into().map(Self).map_err(|_| HashError)
    }
}
