//! Going back to an earlier moment of a world, to try from there what else could have happened.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use jiff::Timestamp;
use store::{Key, Row};

use crate::{cloud::Kept, world::World};

/// Most requests of one batch.
const BATCH: usize = 25;

/// A moment of a world.
#[derive(Debug)]
pub struct Snapshot {
    rows: Vec<Row>,
    kept: Kept,
    payments: payment_world::World,
    now: Timestamp,
    counter: u32,
}

impl World {
    /// Remembers this moment. What the stream has not delivered yet is lost by it.
    pub async fn snapshot(&self) -> Snapshot {
        self.pump.lose_stream(self).await;
        Snapshot {
            rows: self.table.dump().await,
            kept: self.cloud.lock().clone(),
            payments: self.payments.lock().clone(),
            now: self.now(),
            counter: self.counter.load(Ordering::Relaxed),
        }
    }

    /// Goes back: table, queues, payment providers, clock, names.
    pub async fn restore(&self, moment: &Snapshot) {
        let there: BTreeMap<Key, Row> =
            self.table.dump().await.into_iter().map(|row| (row.key(), row)).collect();
        let wanted: BTreeMap<Key, &Row> = moment.rows.iter().map(|row| (row.key(), row)).collect();
        let extra = there.iter().filter(|(key, _)| !wanted.contains_key(key));
        let changed = wanted.iter().filter(|(key, row)| there.get(key) != Some(row));
        let requests: Vec<_> =
            extra.map(|(_, row)| delete(row)).chain(changed.map(|(_, row)| put(row))).collect();
        for batch in requests.chunks(BATCH) {
            let request = self.table.client().batch_write_item();
            let done = request.request_items(self.table.name(), batch.to_vec()).send().await.unwrap();
            assert!(done.unprocessed_items.is_none_or(|left| left.is_empty()), "a batch was left unfinished");
        }
        self.pump.lose_stream(self).await;
        self.pump.forgive();
        *self.cloud.lock() = moment.kept.clone();
        *self.payments.lock() = moment.payments.clone();
        self.clock.advance(moment.now.duration_since(self.now()));
        self.counter.store(moment.counter, Ordering::Relaxed);
    }
}

fn put(row: &Row) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(row.attributes().clone())).build().unwrap();
    WriteRequest::builder().put_request(put).build()
}

fn delete(row: &Row) -> WriteRequest {
    let [pk, sk] = ["PK", "SK"].map(|name| row.attributes()[name].clone());
    let delete = DeleteRequest::builder().key("PK", pk).key("SK", sk).build().unwrap();
    WriteRequest::builder().delete_request(delete).build()
}
