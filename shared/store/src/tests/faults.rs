//! A network that loses, a table that is busy: every step ends as if all had been well.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use domain::{
    commission,
    payout::{PayoutEvent, PayoutStatus},
};
use futures_util::future::{join, join_all};

use super::{
    audit::assert_balanced,
    sale::{apply, days, partner_of, refund_of, sale, usd},
    sample::{program_id, request},
    steps::{after, decided_on, mature_all, payout, register_seller, reserve, walk},
};
use crate::{
    Error, Row, Store,
    accrual::Written,
    payout::Requested,
    testing::{Fault, Faults, TestTable},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Step {
    Accrue,
    Mature,
    Refund,
    Request,
    Send,
    Accept,
    Settle,
}

use Step::{Accept, Accrue, Mature, Refund, Request, Send, Settle};

const STEPS: [Step; 7] = [Accrue, Mature, Refund, Request, Send, Accept, Settle];

/// What comes before a step, on a network that works.
async fn prepare(store: &Store, step: Step) {
    register_seller(store).await;
    if step > Accrue {
        sale().record(store).await;
    }
    if step > Mature {
        mature_all(store, days(15)).await;
    }
    if step > Request {
        reserve(store, &payout("one", 500)).await;
    }
    for (later, event) in [(Accept, PayoutEvent::Send), (Settle, PayoutEvent::Accept)] {
        if step >= later {
            walk(store, &payout("one", 500).id, &[event]).await;
        }
    }
}

/// One delivery of the message that asks for the step: read, decide, write.
async fn deliver(store: &Store, step: Step) -> Result<Written, Error> {
    let record = sale().read(store).await;
    match step {
        Accrue if record.conversion().is_some() => Ok(Written::Now),
        Accrue => {
            let (conversion, accrual) = sale().attributed();
            store.accrue(&record, &conversion, &accrual, &[]).await
        }
        Mature => {
            let read = store.commissions(&[record.commissions[0].value.id.clone()]).await?;
            let lines = [read[0].value.clone()];
            let matured = commission::mature(&program_id(), &partner_of(1), usd(), &lines, days(15)).unwrap();
            if matured.commissions.is_empty() {
                return Ok(Written::Now);
            }
            store.mature(&program_id(), &partner_of(1), usd(), &read, &matured).await
        }
        Refund if !record.applied.is_empty() => Ok(Written::Now),
        Refund => apply(store, &record, &refund_of("re_1", 2_500)).await,
        Request => {
            let (wanted, on) = (payout("one", 500), decided_on(store).await);
            let requested = store.request_payout(&wanted, on, request("key").once()).await?;
            Ok(if requested == Requested::Stale { Written::Stale } else { Written::Now })
        }
        Send => advance_to(store, PayoutEvent::Send, PayoutStatus::Sending).await,
        Accept => advance_to(store, PayoutEvent::Accept, PayoutStatus::Sent).await,
        Settle => advance_to(store, PayoutEvent::Settle, PayoutStatus::Paid).await,
    }
}

async fn advance_to(store: &Store, event: PayoutEvent, status: PayoutStatus) -> Result<Written, Error> {
    let read = store.payout(&payout("one", 500).id).await?.unwrap();
    if read.value.status == status {
        return Ok(Written::Now);
    }
    store.close_payout(&after(&read.value, event), read.revision).await
}

/// These faults for the first writes; reads get through.
fn writes(faults: &[Fault]) -> Faults {
    let script = Mutex::new(faults.iter().cloned().collect::<VecDeque<_>>());
    Faults::new(move |operation| {
        let is_write = matches!(operation, "TransactWriteItems" | "UpdateItem" | "PutItem");
        is_write.then(|| script.lock().unwrap_or_else(PoisonError::into_inner).pop_front()).flatten()
    })
}

/// The table after a step, delivered until it counts on a network that works.
async fn settled(table: &TestTable, step: Step) -> Vec<Row> {
    while deliver(&table.store(), step).await.unwrap() == Written::Stale {}
    assert_balanced(table).await;
    table.dump().await
}

async fn prepared(step: Step) -> TestTable {
    let table = TestTable::create().await;
    prepare(&table.store(), step).await;
    table
}

#[tokio::test]
async fn a_single_fault_does_not_even_reach_the_worker() {
    for step in STEPS {
        let expected = settled(&prepared(step).await, step).await;
        // A single item meets no transaction of its own, and has no guard beside it that could tell
        // a lost answer from somebody else's write.
        let alone = [Fault::RequestLost, Fault::throttled()];
        let together = [Fault::AnswerLost, Fault::conflict(12)];
        let together = together.into_iter().filter(|_| step != Send);
        for fault in alone.into_iter().chain(together) {
            let table = prepared(step).await;
            let written = deliver(&table.faulty(writes(std::slice::from_ref(&fault))), step).await;
            assert_eq!(written.unwrap(), Written::Now, "{step:?} after {fault:?}");
            assert_eq!(table.dump().await, expected, "{step:?} after {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_step_whose_outcome_stays_unknown_counts_once_when_it_comes_again() {
    use Fault::{AnswerLost, RequestLost};
    let (busy, full) = (Fault::conflict(12), Fault::throttled());
    // What befalls the writes of one delivery after the other.
    let stories = [
        vec![vec![AnswerLost; 5]],
        vec![vec![RequestLost; 5], vec![AnswerLost; 5]],
        vec![vec![RequestLost, AnswerLost, busy.clone(), full.clone(), busy], vec![full; 5]],
    ];
    for step in STEPS {
        let expected = settled(&prepared(step).await, step).await;
        // At the same time, since most of it is waiting for the next attempt.
        let ends = stories.iter().map(async |story| {
            let table = prepared(step).await;
            let mut outcomes = Vec::new();
            for faults in story {
                outcomes.push(deliver(&table.faulty(writes(faults)), step).await);
            }
            (outcomes, settled(&table, step).await)
        });
        for ((outcomes, rows), story) in join_all(ends).await.into_iter().zip(&stories) {
            assert_eq!(rows, expected, "{step:?} after {story:?}");
            let is_known = story[0].contains(&RequestLost) && story[0].contains(&AnswerLost);
            assert!(is_known || matches!(outcomes[0], Err(Error::Unknown(_))), "{step:?}: {outcomes:?}");
        }
    }
}

#[tokio::test]
async fn of_two_workers_with_the_same_message_one_counts() {
    for step in STEPS {
        let expected = settled(&prepared(step).await, step).await;
        let table = prepared(step).await;
        let store = table.store();
        let (one, other) = join(Box::pin(deliver(&store, step)), Box::pin(deliver(&store, step))).await;
        let written = [one.unwrap(), other.unwrap()];
        assert!(written.contains(&Written::Now), "{step:?}: {written:?}");
        assert_eq!(table.dump().await, expected, "{step:?}");
    }
}
