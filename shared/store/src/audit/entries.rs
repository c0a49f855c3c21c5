//! Entries of the journal as rows: each is written once, and stands where its id says.

use domain::{
    audit::{Breach, Check, named},
    ledger::Transaction,
};

use crate::{item::Row, key, outbox, schema::Index};

/// Everything about a row of the journal that says it is not what was written. Only its marker is taken
/// away from it, once.
pub(super) fn breaches(row: &Row, booked: &Transaction) -> Vec<Breach> {
    let place = key::journal_in_program(&booked.program_id, &booked.id, booked.at);
    let is_in_place =
        row.text(Index::Gsi1.pk()) == Some(&place.pk) && row.text(Index::Gsi1.sk()) == Some(&place.sk);
    let unmarked = u64::from(!outbox::is_marked(row));
    let changed = row.revision() != unmarked;
    let detail = if row.key() != key::journal(&booked.id) {
        Some("it stands under another key than its id's")
    } else if !is_in_place {
        Some("it is listed under another program, day or time than its own")
    } else if changed {
        Some("it was changed after it was written")
    } else {
        None
    };
    let row = detail.map(|detail| Breach::new(Check::Journal, &[&booked.id], detail));
    row.into_iter().chain(named(booked)).collect()
}
