//! The state machine: its edges one by one, and every sequence of events up to a length.

use std::collections::BTreeSet;

use PayoutEvent::{Accept, Fail, LoseTrack, Return, Send, Settle, SettleLate};
use PayoutStatus::{Failed, Paid, Requested, Returned, Sending, Sent, Unknown};

use super::*;
use crate::id::TransactionId;

const EVENTS: [PayoutEvent; 7] = [Send, LoseTrack, Accept, Settle, Fail, Return, SettleLate];
const STATUSES: [PayoutStatus; 7] = [Requested, Sending, Unknown, Sent, Paid, Failed, Returned];

/// Where each event leads; what is not listed is refused.
const EDGES: [(PayoutStatus, PayoutEvent, PayoutStatus); 16] = [
    (Requested, Send, Sending),
    (Requested, Fail, Failed),
    (Sending, Send, Sending),
    (Sending, LoseTrack, Unknown),
    (Sending, Accept, Sent),
    (Sending, Settle, Paid),
    (Sending, Fail, Failed),
    (Unknown, Send, Sending),
    (Unknown, LoseTrack, Unknown),
    (Unknown, Accept, Sent),
    (Unknown, Settle, Paid),
    (Unknown, Fail, Failed),
    (Sent, Settle, Paid),
    (Sent, Fail, Failed),
    (Paid, Return, Returned),
    (Failed, SettleLate, Paid),
];

const LENGTH: usize = 8;
/// Available before the request, and what is asked for, in minor units.
const BEFORE: i128 = 10_000;
const ASKED: i128 = 6_000;

#[test]
fn the_edges_are_those_that_are_listed() {
    let mut found = Vec::new();
    for status in STATUSES {
        for event in EVENTS {
            found.extend(status.after(event).ok().map(|next| (status, event, next)));
        }
    }
    assert_eq!(found, EDGES);
}

/// The journal entry that belongs to an event.
fn booked(event: PayoutEvent) -> Option<TransactionKind> {
    match event {
        Settle => Some(TransactionKind::PayoutSettle),
        Fail => Some(TransactionKind::PayoutFail),
        Return => Some(TransactionKind::PayoutReturn),
        SettleLate => Some(TransactionKind::PayoutSettleLate),
        Send | LoseTrack | Accept => None,
    }
}

/// Where the money is by the journal alone, and which entries said so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Purse {
    available: i128,
    transit: i128,
    cash: i128,
    entries: BTreeSet<TransactionId>,
}

impl Purse {
    fn post(&mut self, entry: &Transaction) {
        assert!(self.entries.insert(entry.id.clone()), "{:?} is booked twice", entry.kind);
        for posting in &entry.postings {
            let place = match &posting.account {
                Account::Available(_) => &mut self.available,
                Account::Transit(_) => &mut self.transit,
                Account::Cash(_) => &mut self.cash,
                other => panic!("a payout has nothing to do with {other}"),
            };
            *place -= i128::from(posting.minor);
        }
    }

    /// The amount is in one place, and that is where the status says.
    fn check(&self, status: PayoutStatus, path: &[PayoutEvent]) {
        assert_eq!(self.available + self.transit + self.cash, BEFORE, "{path:?}");
        let expected = match status {
            Requested | Sending | Unknown | Sent => (BEFORE - ASKED, ASKED, 0),
            Paid => (BEFORE - ASKED, 0, ASKED),
            Failed | Returned => (BEFORE, 0, 0),
        };
        assert_eq!((self.available, self.transit, self.cash), expected, "{status:?} by {path:?}");
    }
}

/// Walks through all sequences from here, and counts them.
struct Walk {
    payout: Payout,
    sequences: u64,
}

impl Walk {
    fn on(&mut self, status: PayoutStatus, purse: &Purse, path: &mut Vec<PayoutEvent>) {
        self.sequences += 1;
        purse.check(status, path);
        if path.len() == LENGTH {
            return;
        }
        for event in EVENTS {
            path.push(event);
            match status.after(event) {
                Ok(next) => {
                    let mut purse = purse.clone();
                    let entry =
                        booked(event).and_then(|kind| self.payout.transaction(kind, at_once()).unwrap());
                    entry.iter().for_each(|entry| purse.post(entry));
                    self.once_more(next, event, path);
                    self.on(next, &purse, path);
                }
                // A refused event leaves the payout and the money where they are.
                Err(refused) => {
                    assert_eq!(refused, IllegalTransition { status, event });
                    self.on(status, purse, path);
                }
            }
            path.pop();
        }
    }

    /// What has happened and is told again changes nothing.
    fn once_more(&self, status: PayoutStatus, event: PayoutEvent, path: &[PayoutEvent]) {
        if let Ok(next) = status.after(event) {
            assert_eq!((next, booked(event)), (status, None), "{path:?} and once more");
        }
    }
}

fn at_once() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// Every sequence of up to 8 of the 7 events, refused ones included: the sum of 7^0 to 7^8, which is
/// 6,725,601 sequences.
#[test]
fn in_every_sequence_of_events_the_amount_is_in_one_place_and_leaves_once() {
    let mut world = world();
    world.balances.available = Money::new(i64::try_from(BEFORE).unwrap(), usd());
    let payout = world.plan(Some(i64::try_from(ASKED).unwrap())).unwrap();
    let mut purse = Purse { available: BEFORE, ..Purse::default() };
    purse.post(&payout.transaction(TransactionKind::PayoutRequest, at_once()).unwrap().unwrap());
    let mut walk = Walk { payout, sequences: 0 };
    walk.on(Requested, &purse, &mut Vec::new());
    assert_eq!(walk.sequences, 6_725_601);
}

#[test]
fn only_what_a_provider_tells_later_turns_an_end_around_and_what_came_back_is_final() {
    for status in STATUSES {
        let leads: BTreeSet<_> = EVENTS.into_iter().filter_map(|event| status.after(event).ok()).collect();
        match status {
            Paid => assert_eq!(leads, [Returned].into()),
            Failed => assert_eq!(leads, [Paid].into()),
            Returned => assert_eq!(leads, [].into()),
            _ => assert!(leads.contains(&Failed), "{status:?} can fail"),
        }
        assert_eq!(status.is_open(), !matches!(status, Paid | Failed | Returned));
    }
}

#[test]
fn a_payout_keeps_when_it_was_paid() {
    let later = at("2026-04-01T00:00:00Z");
    let mut payout = world().plan(None).unwrap();
    for event in [Send, LoseTrack, Accept] {
        payout = payout.after(event, later).unwrap();
        assert_eq!((payout.paid_at, payout.updated_at), (None, later));
    }
    let paid = payout.after(Settle, later).unwrap();
    assert_eq!((paid.status, paid.paid_at), (Paid, Some(later)));
    let returned = paid.after(Return, at("2026-05-01T00:00:00Z")).unwrap();
    assert_eq!((returned.status, returned.paid_at), (Returned, Some(later)));
    let failed = Payout { failure: Some("LOCKED".to_owned()), ..payout.after(Fail, later).unwrap() };
    let late = failed.after(SettleLate, at("2026-05-01T00:00:00Z")).unwrap();
    let expected = (Paid, None, Some(at("2026-05-01T00:00:00Z")));
    assert_eq!((late.status, late.failure, late.paid_at), expected);
}

/// After an end the provider is asked again on five days, the last of them the thirtieth.
#[test]
fn an_end_that_a_provider_told_is_looked_at_for_thirty_days() {
    let requested = world().plan(None).unwrap();
    let ended = at("2026-04-01T00:00:00Z");
    let sent = Payout { provider_id: Some("tr_1".to_owned()), status: Sent, ..requested.clone() };
    let paid = sent.after(Settle, ended).unwrap();
    for payout in [&paid, &sent.after(Fail, ended).unwrap()] {
        let (mut now, mut looks) = (ended, Vec::new());
        assert!(!payout.is_look_due(now));
        while let Some(look) = payout.next_look(now) {
            assert!(now < look);
            now = look;
            assert!(payout.is_look_due(now));
            looks.push(look.duration_since(ended).as_hours() / 24);
        }
        assert_eq!(looks, [1, 3, 7, 14, 30]);
    }
    let refused = Payout { provider_id: None, ..paid.clone() };
    let returned = paid.after(Return, ended).unwrap();
    for payout in [requested, sent, refused, returned] {
        assert_eq!(
            (payout.next_look(ended), payout.is_look_due(Timestamp::MAX)),
            (None, false),
            "{payout:?}"
        );
    }
}
