//! The base against a real table: what the SDK sends and what comes back.

mod accrual;
mod adjust;
mod alias;
mod audit;
mod bonus;
mod cap;
mod coupon;
mod coverage;
mod customer;
mod dispute;
mod exchange;
mod facts;
mod faults;
mod history;
mod idempotency;
mod list;
mod maturity;
mod outbox;
mod park;
mod partner;
mod payout;
mod performance;
mod program;
mod projection;
mod received;
mod refund;
mod review;
mod sale;
mod sample;
mod steps;
mod tier;
mod webhook;
mod write;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    cursor::{Cursors, Scope},
    item::{Row, Shape},
    key::{IndexKey, Key},
    page::PageRequest,
    schema::Index,
};

/// A small item that stands for any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sample {
    amount: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
}

impl Shape for Sample {
    const ENTITY: &'static str = "sample";
}

fn key(id: &str) -> Key {
    Key { pk: format!("SMP#{id}"), sk: "#META".to_owned() }
}

fn row(id: &str, amount: i64) -> Row {
    Row::new(&key(id), &Sample { amount, note: None }).unwrap()
}

fn listed(id: &str, pk: &str, sk: &str) -> Row {
    let place = IndexKey { index: Index::Gsi1, pk: pk.to_owned(), sk: sk.to_owned() };
    row(id, 1).listed(place)
}

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// The first page of a list.
fn page(list: &'static str) -> PageRequest {
    let scope = Scope { caller: "test", list, filters: &[] };
    PageRequest::new(&Cursors::new([7; 32], None), &scope, None, None, now()).unwrap()
}
