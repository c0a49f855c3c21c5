//! PayPal Payouts: access tokens, batches and their items.
//!
//! PayPal has no search by `sender_batch_id`. A caller that lost the answer sends the same batch
//! again: it is refused, and the refusal links to the first batch. That holds for 30 days, and only
//! for batches that were not `DENIED`: a batch whose items all failed frees its id, so sending it
//! again pays again (seen in PayPal's sandbox, not documented).

mod request;
mod wire;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use request::BatchCall;

use crate::clock::DAY;
use crate::ids::Ids;
use crate::outcome::{ItemResult, ItemStatus, Provider};
use crate::reply::Answer;
use crate::world::{Payment, Verdict};
use request::Order;
pub(crate) use wire::{turned_away, unauthenticated};

/// A batch id is remembered, and an unclaimed item waits, for this long.
const MEMORY: i64 = 30 * DAY;
/// Life of an access token in seconds, as PayPal's answers show it.
const TOKEN_LIFE: i64 = 32_400;

#[derive(Clone, Debug, Default)]
pub(crate) struct PayPal {
    tokens: BTreeMap<String, i64>,
    batches: Vec<Batch>,
}

#[derive(Clone, Debug)]
struct Batch {
    id: String,
    sender_batch_id: Option<String>,
    header: Value,
    currency: String,
    at: i64,
    items: Vec<Item>,
}

#[derive(Clone, Debug)]
struct Item {
    id: String,
    transaction: String,
    order: Order,
    at: i64,
    result: ItemResult,
}

impl PayPal {
    /// `POST /v1/oauth2/token`
    pub(crate) fn token(&mut self, ids: &mut Ids, at: i64) -> Answer {
        let token = format!("A21AA{}", ids.secret());
        self.tokens.insert(token.clone(), at.saturating_add(TOKEN_LIFE));
        let body = json!({
            "scope": "https://uri.paypal.com/payments/payouts",
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": TOKEN_LIFE,
            "nonce": ids.secret(),
        });
        Answer::new(200, body)
    }

    pub(crate) fn knows(&self, token: &str, at: i64) -> bool {
        self.tokens.get(token).is_some_and(|expires| at < *expires)
    }

    pub(crate) fn create(
        &mut self,
        ids: &mut Ids,
        base: &str,
        at: i64,
        call: &BatchCall,
        verdict: &Verdict,
    ) -> Answer {
        let orders = match call.orders() {
            Ok(orders) => orders,
            Err(answer) => return answer,
        };
        if let Some(first) = call.sender_batch_id().and_then(|id| self.holder(id, at)) {
            return wire::duplicate(base, &first.id);
        }
        let result = match verdict {
            Verdict::Refuse { code, status } => return wire::refusal(code, *status),
            Verdict::FailBefore => return wire::failure(),
            Verdict::Accept(result) | Verdict::FailAfter(result) => result,
        };
        let batch = Batch {
            id: ids.paypal(),
            sender_batch_id: call.sender_batch_id().map(str::to_owned),
            header: call.header().clone(),
            currency: orders.first().map(|order| order.currency.clone()).unwrap_or_default(),
            at,
            items: orders.into_iter().map(|order| Item::new(ids, at, order, result)).collect(),
        };
        let answer = match verdict {
            Verdict::FailAfter(_) => wire::failure(),
            _ => wire::accepted(base, &batch),
        };
        self.batches.push(batch);
        answer
    }

    /// `GET /v1/payments/payouts/{payout_batch_id}`
    pub(crate) fn batch(&self, base: &str, at: i64, id: &str) -> Answer {
        let found = self.batches.iter().find(|batch| batch.id == id);
        found.map_or_else(wire::missing, |batch| Answer::new(200, wire::batch(base, at, batch)))
    }

    /// `GET /v1/payments/payouts-item/{payout_item_id}`
    pub(crate) fn item(&self, base: &str, at: i64, id: &str) -> Answer {
        let all = self.batches.iter().flat_map(|batch| batch.items.iter().map(move |i| (batch, i)));
        let found = all.into_iter().find(|(_, item)| item.id == id);
        found.map_or_else(wire::missing, |(batch, item)| Answer::new(200, wire::item(base, at, batch, item)))
    }

    /// Moves an item on, as time or the receiver would.
    pub(crate) fn move_item(&mut self, at: i64, id: &str, result: ItemResult) -> Option<()> {
        let mut items = self.batches.iter_mut().flat_map(|batch| &mut batch.items);
        let item = items.find(|item| item.id == id)?;
        (item.result, item.at) = (result, at);
        Some(())
    }

    pub(crate) fn payments(&self, now: i64) -> impl Iterator<Item = (bool, Payment)> {
        let rows = move |batch: &Batch| {
            let row = |item: &Item| {
                let status = item.status(now);
                let payment = Payment {
                    reference: item.order.sender_item_id.clone(),
                    key: batch.sender_batch_id.clone(),
                    destination: item.order.receiver.clone(),
                    amount: item.order.minor,
                    currency: item.order.currency.clone(),
                    status: wire::name(status),
                    ..Payment::recorded(Provider::Paypal, &item.id, batch.at)
                };
                (status.is_out(), payment)
            };
            batch.items.iter().map(row).collect::<Vec<_>>()
        };
        self.batches.iter().flat_map(rows)
    }

    /// The batch that still holds this `sender_batch_id`.
    fn holder(&self, sender_batch_id: &str, at: i64) -> Option<&Batch> {
        self.batches.iter().find(|batch| {
            batch.sender_batch_id.as_deref() == Some(sender_batch_id)
                && at.saturating_sub(batch.at) < MEMORY
                && !batch.is_denied()
        })
    }
}

impl Batch {
    fn is_denied(&self) -> bool {
        self.items.iter().all(|item| item.result.status == ItemStatus::Failed)
    }

    fn status(&self) -> &'static str {
        if self.is_denied() {
            "DENIED"
        } else if self.items.iter().any(|item| item.result.status == ItemStatus::Pending) {
            "PENDING"
        } else {
            "SUCCESS"
        }
    }
}

impl Item {
    fn new(ids: &mut Ids, at: i64, order: Order, result: &ItemResult) -> Self {
        Self { id: ids.paypal(), transaction: ids.paypal(), order, at, result: result.clone() }
    }

    fn status(&self, now: i64) -> ItemStatus {
        let expired = now.saturating_sub(self.at) >= MEMORY;
        match self.result.status {
            ItemStatus::Unclaimed if expired => ItemStatus::Returned,
            status => status,
        }
    }
}
