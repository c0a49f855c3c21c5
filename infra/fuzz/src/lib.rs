//! Fuzzes every parser of outside input: whatever is sent, nothing panics, and what is understood holds
//! what the types promise.
//!
//! A finding becomes a test beside the code that is mended; inputs are kept by nobody.

mod click;
mod conversion;
#[path = "../../../shared/store/src/cursor.rs"]
#[expect(dead_code, reason = "as it is, without the table that its crate brings along")]
mod cursor;
mod link;
pub mod mutate;
mod pages;
mod plan;
mod report;
mod sender;
mod text;
#[path = "../../../functions/follow-link/src/visit.rs"]
mod visit;

use providers::webhook::{self, WebhookSender};

/// Reads one input; panics when something does not hold.
type Run = fn(&[u8]);

/// The targets beside the senders of webhooks.
const OTHERS: [(&str, Run); 6] = [
    ("click", click::run),
    ("cursor", pages::run),
    ("link", link::run),
    ("plan", plan::run),
    ("report", report::run),
    ("text", text::run),
];

/// What is fuzzed.
#[derive(Clone, Copy)]
pub enum Target {
    /// The webhooks of a sender.
    Sender(&'static dyn WebhookSender),
    /// Another parser.
    Other(Run),
}

impl Target {
    /// The target of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let other = OTHERS.iter().find(|(known, _)| *known == name).map(|(_, run)| Self::Other(*run));
        other.or_else(|| webhook::sender(name).map(Self::Sender))
    }

    /// All names. A sender that is new is among them by itself.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        webhook::names().chain(OTHERS.iter().map(|(name, _)| *name)).collect()
    }

    /// Reads one input.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn run(self, data: &[u8]) {
        match self {
            Self::Sender(sender) => sender::run(sender, data),
            Self::Other(run) => run(data),
        }
    }
}
