//! Entries as they must be against entries as they are.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Facts, JournalHash, replay};
use crate::{
    id::{ConversionId, TransactionId},
    ledger::{Posting, Transaction},
    money::{Currency, Money},
    plan::PlanVersion,
};

/// One thing in which the stored journal is not what the facts give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The conversion.
    pub conversion_id: ConversionId,
    /// The entry; none when the conversion itself cannot be replayed.
    pub transaction_id: Option<TransactionId>,
    /// What differs: the whole `entry`, one of its fields, `posting 2`, or the `facts`.
    pub what: String,
    /// What it must be; none when it must not be there.
    pub expected: Option<String>,
    /// What is stored; none when nothing is.
    pub stored: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversion_id, transaction_id, what, expected, stored } = self;
        write!(f, "{conversion_id}")?;
        if let Some(entry) = transaction_id {
            write!(f, ", {entry}")?;
        }
        let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, ", {what}: expected {}, stored {}", text(expected), text(stored))
    }
}

/// How far a replay is, and what it found. Small: it goes from page to page with the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Conversions replayed.
    pub conversions: u64,
    /// Entries that they must have.
    pub entries: u64,
    /// The hash of those.
    pub expected: JournalHash,
    /// The hash of the entries that are stored.
    pub stored: JournalHash,
    /// The first thing that differs.
    pub first_difference: Option<Difference>,
}

impl Tally {
    /// Nothing replayed yet.
    #[must_use]
    pub fn new() -> Self {
        let start = JournalHash::start();
        Self { conversions: 0, entries: 0, expected: start, stored: start, first_difference: None }
    }

    /// Replays a conversion and compares it with its entries: those of [`Facts::entry_ids`] that
    /// exist, in any order.
    pub fn add(&mut self, facts: &Facts, plans: &[PlanVersion], stored: &[Transaction]) {
        self.conversions = self.conversions.saturating_add(1);
        let id = &facts.conversion.id;
        let expected = replay(facts, plans).unwrap_or_else(|error| {
            self.expected.add_flaw(id.as_str());
            let found = difference(id, None, "facts", Some("a journal"), Some(&error.to_string()));
            self.first_difference.get_or_insert(found);
            Vec::new()
        });
        self.entries = self.entries.saturating_add(u64::try_from(expected.len()).unwrap_or(u64::MAX));
        for entry in &expected {
            self.expected.add(entry);
            let own = stored.iter().find(|own| own.id == entry.id);
            own.into_iter().for_each(|own| self.stored.add(own));
            if own != Some(entry) && self.first_difference.is_none() {
                self.first_difference = Some(compare(id, entry, own));
            }
        }
        let mut others: Vec<_> =
            stored.iter().filter(|own| expected.iter().all(|entry| entry.id != own.id)).collect();
        others.sort_by(|one, other| one.id.cmp(&other.id));
        for own in others {
            self.stored.add(own);
            let found = difference(id, Some(own), "entry", None, Some(own.kind.as_str()));
            self.first_difference.get_or_insert(found);
        }
    }

    /// Counts a conversion of which something cannot be read; `item` names it.
    pub fn add_unreadable(&mut self, id: &ConversionId, item: &str) {
        self.conversions = self.conversions.saturating_add(1);
        self.stored.add_flaw(item);
        let stored = format!("{item}, which cannot be read");
        let found = difference(id, None, "facts", Some("a conversion and its entries"), Some(&stored));
        self.first_difference.get_or_insert(found);
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

fn difference(
    conversion: &ConversionId,
    entry: Option<&Transaction>,
    what: &str,
    expected: Option<&str>,
    stored: Option<&str>,
) -> Difference {
    Difference {
        conversion_id: conversion.clone(),
        transaction_id: entry.map(|entry| entry.id.clone()),
        what: what.to_owned(),
        expected: expected.map(str::to_owned),
        stored: stored.map(str::to_owned),
    }
}

/// The first thing in which a stored entry, or its absence, differs from the one that must be there.
fn compare(id: &ConversionId, expected: &Transaction, stored: Option<&Transaction>) -> Difference {
    let name =
        |what: &str, one: Option<&str>, other: Option<&str>| difference(id, Some(expected), what, one, other);
    let Some(stored) = stored else { return name("entry", Some(expected.kind.as_str()), None) };
    let fields = |entry: &Transaction| {
        [
            ("program", entry.program_id.to_string()),
            ("kind", entry.kind.as_str().to_owned()),
            ("subject", entry.subject.clone()),
            ("at", entry.at.to_string()),
            ("currency", entry.currency.code().to_owned()),
        ]
    };
    for ((what, one), (_, other)) in fields(expected).into_iter().zip(fields(stored)) {
        if one != other {
            return name(what, Some(&one), Some(&other));
        }
    }
    let count = expected.postings.len().max(stored.postings.len());
    for place in 0..count {
        let (one, other) = (expected.postings.get(place), stored.postings.get(place));
        if one != other {
            let text = |posting: Option<&Posting>| posting.map(|own| words(own, expected.currency));
            let (one, other) = (text(one), text(other));
            return name(&format!("posting {}", place + 1), one.as_deref(), other.as_deref());
        }
    }
    // Equal in everything that has a name: not reached for entries that differ.
    name("entry", Some(expected.kind.as_str()), Some(stored.kind.as_str()))
}

/// A posting in words: `pending:ptr_... level 1 -12.00 USD`.
fn words(posting: &Posting, currency: Currency) -> String {
    let amount = Money::new(posting.minor, currency);
    match posting.level {
        Some(level) => format!("{} level {level} {amount}", posting.account),
        None => format!("{} {amount}", posting.account),
    }
}
