//! T1: a sale becomes lines and a journal transaction, all or nothing, once.

use domain::{
    accrual::Accrual,
    attribution::{RejectedTouch, Rejection},
    click::ClickTrail,
    commission::NothingEarned,
    conversion::Conversion,
    id::CustomerId,
    ledger::TransactionKind,
    program::TouchKind,
};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::{
    audit::assert_balanced,
    now,
    sale::{
        INVOICE, SOURCE, Sale, apply, count_charge, count_refund, customer, partner_of, refund_of, sale,
        touch,
    },
    sample::{click, program_id},
};
use crate::{
    Store,
    accrual::Written,
    conversion::{Head, Record},
    customer::Binding,
    key,
    outbox::is_marked,
    testing::TestTable,
};

#[tokio::test]
async fn levels_are_as_many_items_and_two_more_and_ten_cost_24_units() {
    for levels in [1_u8, 2, 5, 10] {
        let table = TestTable::create().await;
        let (store, meter) = table.metered();
        assert_eq!(Sale { levels, ..sale() }.record(&store).await, Written::Now);
        let items = u32::from(levels) + 2;
        let rows = table.dump().await;
        assert_eq!(rows.len(), usize::try_from(items).unwrap());
        for row in &rows {
            assert!(row.size() < 1_024, "{} has {} bytes", row.key(), row.size());
        }
        let units = meter.take().writes;
        if table.counts_units() {
            assert_eq!(units["table"], Decimal::from(2 * items), "{levels} levels");
            // Lists: lines on their accounts, conversion and entry in their days. Work: lines that will
            // mature, the outbox.
            for index in ["GSI1", "GSI2"] {
                assert_eq!(units[index], Decimal::from(items), "{index}, {levels} levels");
            }
        }
        assert_balanced(&table).await;
    }
}

#[tokio::test]
async fn touches_that_lost_come_back_and_cost_little() {
    let table = TestTable::create().await;
    let store = table.store();
    let (mut conversion, accrual) = sale().attributed();
    let (first, last) = (click(8, now()).id, click(7, now()).id);
    let trail = ClickTrail::try_from(format!("{first}-{last}")).unwrap();
    conversion.charge.clicks = Some(trail);
    let at = now();
    let touch = |kind, reference: &str, reason, level, at| RejectedTouch {
        kind,
        reference: reference.to_owned(),
        reason,
        partner_id: Some(partner_of(level)),
        at: Some(at),
    };
    let earlier = at - SignedDuration::from_hours(30);
    conversion.attribution.rejected = vec![
        touch(TouchKind::Coupon, "SUMMER10", Rejection::CouponInactive, 2, conversion.charge.occurred_at),
        touch(TouchKind::Click, first.as_str(), Rejection::Outranked, 3, earlier),
    ];
    store.accrue(&Record::default(), &conversion, &accrual, &[]).await.unwrap();
    assert_eq!(sale().read(&store).await.conversion().unwrap().value, conversion);
    let head = table.dump().await.into_iter().find(|row| row.key() == key::conversion(&conversion.id));
    // A second click and two touches that lost are 73 and some 190 bytes more than the usual head.
    let bytes = head.unwrap().size();
    assert!(bytes < 1_250, "{bytes} bytes");
}

#[tokio::test]
async fn what_was_recorded_comes_back_as_it_was() {
    let table = TestTable::create().await;
    let store = table.store();
    let (conversion, accrual) = sale().attributed();
    sale().record(&store).await;
    let record = sale().read(&store).await;
    assert_eq!(record.conversion().unwrap().value, conversion);
    assert_eq!(record.lines(), accrual.commissions);
    assert!(record.refunds.is_empty());
    let booked = accrual.transaction.unwrap();
    assert_eq!(store.transaction(&booked.id).await.unwrap(), Some(booked.clone()));
    let missing = TransactionKind::Mature.transaction_id(&["nothing"]);
    assert_eq!(store.transactions(&[missing, booked.id.clone()]).await.unwrap(), [booked]);
}

#[tokio::test]
async fn a_sale_that_is_recorded_again_changes_nothing() {
    let table = TestTable::create().await;
    let store = table.store();
    let nothing = Record::default();
    assert_eq!(sale().record_on(&store, &nothing).await, Written::Now);
    let before = table.dump().await;
    assert_eq!(sale().record_on(&store, &nothing).await, Written::Stale);
    assert_eq!(sale().record(&store).await, Written::Stale, "nor on top of what it made itself");
    let other = Sale { amount: 99, levels: 1, ..sale() };
    assert_eq!(other.record_on(&store, &nothing).await, Written::Stale);
    assert_eq!(table.dump().await, before);
}

#[tokio::test]
async fn a_stub_is_replaced_and_its_refunds_stay_known() {
    let table = TestTable::create().await;
    let store = table.store();
    count_refund(&store, INVOICE, &refund_of("re_1", 4_000)).await;
    let stub = sale().read(&store).await;
    assert!(matches!(stub.head, Head::Stub { revision: 0 }));
    count_refund(&store, INVOICE, &refund_of("re_2", 1_000)).await;
    assert_eq!(sale().record_on(&store, &stub).await, Written::Stale, "another refund came meanwhile");
    let stub = sale().read(&store).await;
    assert_eq!(sale().record_on(&store, &stub).await, Written::Now);
    let record = sale().read(&store).await;
    assert_eq!(record.waiting, [refund_of("re_1", 4_000), refund_of("re_2", 1_000)]);
    assert_eq!(record.conversion().unwrap().value, sale().attributed().0);
    count_charge(&store, &sale()).await;
    assert_eq!(sale().amounts(&store).await, [1_000, 250, 50]);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_sale_that_earns_nothing_is_one_item() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let (mut conversion, _) = sale().attributed();
    conversion.terms.as_mut().unwrap().nothing_earned = Some(NothingEarned::NoRuleMatches);
    let accrual = Accrual { commissions: Vec::new(), transaction: None };
    let written = store.accrue(&Record::default(), &conversion, &accrual, &[]).await.unwrap();
    assert_eq!(written, Written::Now);
    assert_eq!(meter.take().writes["table"], Decimal::ONE);
    let record = sale().read(&store).await;
    assert_eq!(record.conversion().unwrap().value, conversion);
    assert_eq!(apply(&store, &record, &refund_of("re_1", 10_000)).await.unwrap(), Written::Now);
    let refunded = sale().read(&store).await.conversion().unwrap().value.refunded;
    assert_eq!(refunded, conversion.charge.amount);
}

#[tokio::test]
async fn a_sale_of_nobody_waits_for_its_customer_where_there_is_one() {
    let record = Record::default();
    for (waits_for, items) in [(vec![], 1), (vec![customer().id], 2)] {
        let table = TestTable::create().await;
        let store = table.store();
        let written = unattributed(&store, &record, &sale().unattributed(), &waits_for).await;
        assert_eq!(written, Written::Now);
        let rows = table.dump().await;
        assert_eq!(rows.len(), items);
        assert!(!rows.iter().any(is_marked), "it counts in nobody's figures");
        let waiting = store.waiting_conversions(&program_id(), &customer().id).await.unwrap();
        assert_eq!(waiting, vec![sale().id(); items - 1]);
        assert_eq!(sale().read(&store).await.conversion().unwrap().value, sale().unattributed());
        let again = unattributed(&store, &record, &sale().unattributed(), &waits_for).await;
        assert_eq!(again, Written::Stale);
    }
}

#[tokio::test]
async fn a_sale_cannot_wait_for_a_binding_that_came_first() {
    let table = TestTable::create().await;
    let store = table.store();
    let binding = Binding { touch: touch(), made_by: None, first_sale_at: None };
    store.bind(&program_id(), &[customer().id], &binding).await.unwrap();
    let record = Record::default();
    let written = unattributed(&store, &record, &sale().unattributed(), &[customer().id]).await;
    assert_eq!(written, Written::Stale);
    assert_eq!(table.dump().await.len(), 1, "only the binding is there");
    let written = unattributed(&store, &record, &sale().unattributed(), &[]).await;
    assert_eq!(written, Written::Now, "a tie that does not count is nothing to wait for");
}

#[tokio::test]
async fn a_sale_that_finds_its_partner_later_ends_as_if_it_had_been_known() {
    let (late, early) = (TestTable::create().await, TestTable::create().await);
    let store = late.store();
    let refunds = [refund_of("re_1", 2_500), refund_of("re_2", 2_500)];
    unattributed(&store, &Record::default(), &sale().unattributed(), &[]).await;
    for refund in &refunds {
        count_refund(&store, INVOICE, refund).await;
    }
    let record = sale().read(&store).await;
    assert_eq!(record.applied, refunds);
    assert_eq!(record.conversion().unwrap().value.refunded.minor(), 5_000);
    assert!(!late.dump().await.iter().any(is_marked), "refunds of nobody's sale count in no figures");

    assert_eq!(sale().record_on(&store, &record).await, Written::Now);
    let credited = sale().read(&store).await;
    assert_eq!((credited.waiting.len(), credited.applied.len()), (2, 0));
    assert_eq!(credited.conversion().unwrap().value.refunded.minor(), 0);
    count_charge(&store, &sale()).await;

    let other = early.store();
    count_charge(&other, &sale()).await;
    for refund in &refunds {
        count_refund(&other, INVOICE, refund).await;
    }
    let (late_record, early_record) = (sale().read(&store).await, sale().read(&other).await);
    assert_eq!(late_record.lines(), early_record.lines());
    assert_eq!(late_record.applied, early_record.applied);
    for id in ["re_1", "re_2"] {
        let booked = TransactionKind::Refund.transaction_id(&[sale().id().as_str(), id]);
        let late = store.transaction(&booked).await.unwrap();
        assert!(late.is_some());
        assert_eq!(late, other.transaction(&booked).await.unwrap());
    }
    assert_balanced(&late).await;
}

#[tokio::test]
async fn a_refund_that_counted_meanwhile_makes_the_late_credit_stale() {
    let table = TestTable::create().await;
    let store = table.store();
    unattributed(&store, &Record::default(), &sale().unattributed(), &[]).await;
    let before = sale().read(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    assert_eq!(sale().record_on(&store, &before).await, Written::Stale);
    assert_eq!(sale().record(&store).await, Written::Now);
    assert_eq!(sale().read(&store).await.waiting.len(), 1);
}

#[tokio::test]
async fn every_line_is_listed_on_its_partners_account() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    let second = Sale { external_id: "in_2", at: super::sale::days(1), ..sale() };
    second.record(&store).await;
    for level in 1..=3 {
        let page = super::page("commissions");
        let of =
            store.commissions_of(&program_id(), &partner_of(level), super::sale::usd(), None, &page).await;
        let ids: Vec<_> = of.unwrap().data.iter().map(|line| line.id.conversion().clone()).collect();
        assert_eq!(ids, [second.id(), sale().id()], "the latest first");
    }
    assert_eq!(store.canonical_id(&program_id(), SOURCE, INVOICE).await.unwrap(), INVOICE);
}

async fn unattributed(
    store: &Store,
    record: &Record,
    conversion: &Conversion,
    waits_for: &[CustomerId],
) -> Written {
    store.record_unattributed(record, conversion, waits_for).await.unwrap()
}
