//! Other ids of a charge: whatever comes first, a refund finds its sale.

use domain::conversion::conversion_id;

use super::{
    audit::assert_balanced,
    sale::{INVOICE, SOURCE, Sale, count_alias, count_charge, count_refund, refund_of, sale},
    sample::program_id,
};
use crate::{Store, accrual::Written, conversion::Head, testing::TestTable};

const ALIAS: &str = "pi_3QNvX2LkdIwHu7ix0AbCdEfG";

#[derive(Clone, Copy, Debug)]
enum Fact {
    Charge,
    Alias,
    RefundOfAlias,
    Refund,
}

async fn count(store: &Store, fact: Fact) {
    match fact {
        Fact::Charge => count_charge(store, &sale()).await,
        Fact::Alias => count_alias(store, ALIAS, INVOICE).await,
        Fact::RefundOfAlias => count_refund(store, ALIAS, &refund_of("re_1", 2_500)).await,
        Fact::Refund => count_refund(store, INVOICE, &refund_of("re_2", 1_000)).await,
    }
}

fn orders(facts: &[Fact]) -> Vec<Vec<Fact>> {
    let Some((first, rest)) = facts.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for place in 0..=order.len() {
            let mut order = order.clone();
            order.insert(place, *first);
            all.push(order);
        }
    }
    all
}

#[tokio::test]
async fn refund_alias_and_charge_end_the_same_in_every_order() {
    let orders = orders(&[Fact::Charge, Fact::Alias, Fact::RefundOfAlias, Fact::Refund]);
    assert_eq!(orders.len(), 24);
    for order in orders {
        let table = TestTable::create().await;
        let store = table.store();
        for fact in &order {
            count(&store, *fact).await;
        }
        // Everything is delivered again, and changes nothing.
        let before = table.dump().await;
        for fact in &order {
            count(&store, *fact).await;
        }
        assert_eq!(table.dump().await, before, "{order:?}");

        let record = sale().read(&store).await;
        assert_eq!(record.conversion().unwrap().value.refunded.minor(), 3_500, "{order:?}");
        assert_eq!(record.applied, [refund_of("re_1", 2_500), refund_of("re_2", 1_000)], "{order:?}");
        assert_eq!(sale().amounts(&store).await, [1_300, 325, 65], "{order:?}");
        let alias = store.conversion(&conversion_id(&program_id(), SOURCE, ALIAS)).await.unwrap();
        assert!(matches!(alias.head, Head::Alias { of } if of == INVOICE), "{order:?}");
        assert_eq!((alias.waiting.len(), alias.applied.len()), (0, 0), "{order:?}");
        assert_balanced(&table).await;
    }
}

#[tokio::test]
async fn a_worker_that_died_after_the_alias_is_followed_by_one_that_moves_the_refunds() {
    let store = TestTable::create().await.store();
    count_charge(&store, &sale()).await;
    count_refund(&store, ALIAS, &refund_of("re_1", 2_500)).await;
    let id = conversion_id(&program_id(), SOURCE, ALIAS);
    let record = store.conversion(&id).await.unwrap();
    let noted = store.note_alias(&record, &program_id(), SOURCE, ALIAS, INVOICE).await.unwrap();
    assert_eq!(noted, Written::Now);
    let record = store.conversion(&id).await.unwrap();
    assert_eq!(record.waiting, [refund_of("re_1", 2_500)]);
    count_alias(&store, ALIAS, INVOICE).await;
    assert_eq!(sale().amounts(&store).await, [1_500, 375, 75]);
}

#[tokio::test]
async fn a_charge_is_no_alias_and_an_alias_no_charge() {
    let table = TestTable::create().await;
    let store = table.store();
    let aliased = Sale { external_id: ALIAS, ..sale() };
    let unknown = aliased.read(&store).await;
    let note = async |record| store.note_alias(record, &program_id(), SOURCE, ALIAS, INVOICE).await.unwrap();
    assert_eq!(note(&unknown).await, Written::Now);
    let known = aliased.read(&store).await;
    assert_eq!(note(&known).await, Written::Stale, "once is enough");
    for record in [&unknown, &known] {
        assert_eq!(aliased.record_on(&store, record).await, Written::Stale);
        let unattributed = store.record_unattributed(record, &aliased.unattributed(), &[]).await.unwrap();
        assert_eq!(unattributed, Written::Stale);
    }
    assert_eq!(table.dump().await.len(), 1);
    assert_eq!(store.canonical_id(&program_id(), SOURCE, ALIAS).await.unwrap(), INVOICE);
    assert_eq!(store.canonical_id(&program_id(), "paypal", ALIAS).await.unwrap(), ALIAS);

    sale().record(&store).await;
    let charge = sale().read(&store).await;
    let refused = store.note_alias(&charge, &program_id(), SOURCE, INVOICE, "in_9").await.unwrap();
    assert_eq!(refused, Written::Stale);
    let refused = store.note_alias(&unknown, &program_id(), SOURCE, INVOICE, "in_9").await.unwrap();
    assert_eq!(refused, Written::Stale, "though nothing was known of it when it was read");
}

#[tokio::test]
async fn a_refund_that_came_meanwhile_makes_the_alias_stale() {
    let store = TestTable::create().await.store();
    let aliased = Sale { external_id: ALIAS, ..sale() };
    let unknown = aliased.read(&store).await;
    count_refund(&store, ALIAS, &refund_of("re_1", 2_500)).await;
    let noted = store.note_alias(&unknown, &program_id(), SOURCE, ALIAS, INVOICE).await.unwrap();
    assert_eq!(noted, Written::Stale, "the refund would wait for ever");
    let alias = aliased.read(&store).await;
    count_alias(&store, ALIAS, INVOICE).await;
    let late = refund_of("re_2", 100);
    let kept = store.keep_refund_waiting(&alias, &program_id(), SOURCE, ALIAS, &late).await.unwrap();
    assert_eq!(kept, Written::Stale);
}
