//! Going back to an earlier moment of a world, to try from there what else could have happened.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use jiff::Timestamp;
use store::{Key, Row};

use crate::{cloud::Kept, world::World};

/// A moment of a world in which no payment provider has been called yet.
#[derive(Debug)]
pub struct Snapshot {
    rows: Vec<Row>,
    kept: Kept,
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
            now: self.now(),
            counter: self.counter.load(Ordering::Relaxed),
        }
    }

    /// Goes back: table, queues, clock, names; the payment providers forget everything.
    pub async fn restore(&self, moment: &Snapshot) {
        let there: BTreeMap<Key, Row> =
            self.table.dump().await.into_iter().map(|row| (row.key(), row)).collect();
        let wanted: BTreeMap<Key, &Row> = moment.rows.iter().map(|row| (row.key(), row)).collect();
        let (client, table) = (self.table.client(), self.table.name());
        for (_, row) in there.iter().filter(|(key, _)| !wanted.contains_key(key)) {
            let [pk, sk] = ["PK", "SK"].map(|name| row.attributes()[name].clone());
            client.delete_item().table_name(table).key("PK", pk).key("SK", sk).send().await.unwrap();
        }
        for (_, row) in wanted.iter().filter(|(key, row)| there.get(key) != Some(row)) {
            let attributes = row.attributes().clone();
            client.put_item().table_name(table).set_item(Some(attributes)).send().await.unwrap();
        }
        self.pump.lose_stream(self).await;
        self.pump.forgive();
        *self.cloud.lock() = moment.kept.clone();
        self.clock.advance(moment.now.duration_since(self.now()));
        *self.payments.lock() = payment_world::World::new(payment_world::Clock::manual(moment.now));
        self.counter.store(moment.counter, Ordering::Relaxed);
    }
}
