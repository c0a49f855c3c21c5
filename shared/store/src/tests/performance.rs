//! Performance: a sale counts on its day for what it came to in the end, once.

use std::time::Duration;

use domain::{
    accrual::Accrual,
    attribution::{RejectedTouch, Rejection},
    audit::Check,
    commission::{Decision, NothingEarned, review},
    conversion::{Conversion, Customer, Split},
    exchange::ExchangeRate,
    id::{CustomerId, PartnerId},
    money::{Currency, Money},
    performance::Performance,
    program::TouchKind,
    risk::HoldReason,
};

use super::{
    projection::publish,
    sale::{INVOICE, Sale, apply, count_refund, days, partner_of, refund_of, sale, usd},
    sample::{program, program_id},
    steps::register_seller,
};
use crate::{
    Store,
    accrual::Written,
    audit::{Report, Scope},
    conversion::Record,
    expression::Update,
    key,
    testing::TestTable,
};

/// Revenue, conversions and customers of the seller, by days counted from that of the sale.
async fn of_days(store: &Store, first: Option<i64>, last: i64) -> (i64, u64, u64) {
    of(store, &partner_of(1), first, last).await
}

async fn of(store: &Store, partner: &PartnerId, first: Option<i64>, last: i64) -> (i64, u64, u64) {
    let day = |count| key::day(days(count));
    let found = store.performance(&program_id(), partner, usd(), first.map(day), day(last)).await.unwrap();
    let Performance { revenue, conversions, active_customers } = found;
    assert_eq!(revenue.currency(), usd());
    (revenue.minor(), conversions, active_customers)
}

/// The revenue that the dashboard shows, by day.
async fn dashboard(store: &Store) -> Vec<i64> {
    let (first, last) = (key::day(days(0)), key::day(days(9)));
    let all = store.day_counters(&program_id(), &partner_of(1), usd(), first, last).await.unwrap();
    all.iter().map(|day| day.counters.revenue.minor()).collect()
}

async fn audited(store: &Store) -> Report {
    let scope = Scope { since: None, now: days(9), pause: Duration::from_millis(1) };
    store.audit_program(&program(), &scope).await.unwrap()
}

async fn record(store: &Store, conversion: &Conversion, accrual: &Accrual) {
    let written = store.accrue(&Record::default(), conversion, accrual, &[]).await.unwrap();
    assert_eq!(written, Written::Now);
}

/// A sale of some day to a customer by name.
async fn sell(store: &Store, external_id: &'static str, day: i64, customer: Option<&str>) {
    let (mut conversion, accrual) = Sale { external_id, at: days(day), ..sale() }.attributed();
    conversion.charge.customer =
        customer.map(|name| Customer { id: CustomerId::derive(&[name]), email_hash: None });
    record(store, &conversion, &accrual).await;
}

#[tokio::test]
async fn a_refund_lessens_the_day_of_its_sale_whatever_day_it_comes() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    Sale { amount: 60_000, ..sale() }.record(&store).await;
    publish(&store).await;
    assert_eq!(of_days(&store, Some(0), 0).await, (60_000, 1, 1));
    count_refund(&store, INVOICE, &refund_of("re_1", 40_000)).await;
    publish(&store).await;
    assert_eq!(of_days(&store, Some(0), 0).await, (20_000, 1, 1));
    assert_eq!(of_days(&store, Some(1), 9).await, (0, 0, 0));
    assert_eq!(of_days(&store, None, 9).await, (20_000, 1, 1));
    assert_eq!(audited(&store).await.breaches, []);
}

#[tokio::test]
async fn a_sale_refunded_whole_in_slices_never_was_one() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    sale().record(&store).await;
    for (place, slice) in [3_333, 3_333, 3_334].into_iter().enumerate() {
        assert_eq!(of_days(&store, None, 0).await.1, u64::from(place != 0));
        count_refund(&store, INVOICE, &refund_of(&format!("re_{place}"), slice)).await;
        publish(&store).await;
    }
    assert_eq!(of_days(&store, None, 9).await, (0, 0, 0));
    assert_eq!(audited(&store).await.breaches, []);
}

#[tokio::test]
async fn whatever_is_counted_first_the_end_is_the_same() {
    let table = TestTable::create().await;
    let store = table.store();
    register_seller(&store).await;
    sale().record(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    count_refund(&store, INVOICE, &refund_of("re_2", 7_500)).await;
    let mut rows: Vec<_> = table.dump().await.into_iter().filter(crate::outbox::is_marked).collect();
    rows.sort_by_key(|row| row.entity() == "conversion");
    for row in rows {
        assert!(store.project(row.clone()).await.unwrap());
        assert!(!store.project(row).await.unwrap());
        let (_, conversions, customers) = of_days(&store, None, 9).await;
        assert_eq!((conversions, customers), (0, 0));
    }
    assert_eq!(of_days(&store, None, 9).await, (0, 0, 0));
    assert_eq!(audited(&store).await.breaches, []);
}

#[tokio::test]
async fn a_sale_turned_down_in_review_is_as_good_as_refunded() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    let held = Sale { hold: Some(HoldReason::SelfReferral), ..sale() };
    held.record(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    publish(&store).await;
    assert_eq!(of_days(&store, Some(0), 0).await, (7_500, 1, 1));
    let read = held.read(&store).await;
    let known = read.conversion().unwrap();
    let rejected = review(&known.value, &read.lines(), false, Decision::Reject, days(2)).unwrap();
    assert_eq!(store.record_review(&read, &rejected, days(2)).await.unwrap(), Written::Now);
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (0, 0, 0));
    // Money that goes back after that takes nothing off a second time.
    let read = held.read(&store).await;
    assert_eq!(apply(&store, &read, &refund_of("re_2", 7_500)).await.unwrap(), Written::Now);
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (0, 0, 0));
    assert_eq!(audited(&store).await.breaches, []);
}

#[tokio::test]
async fn what_was_refunded_whole_cannot_be_turned_down_as_well() {
    let store = TestTable::create().await.store();
    let held = Sale { hold: Some(HoldReason::SelfReferral), ..sale() };
    held.record(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 10_000)).await;
    let read = held.read(&store).await;
    let known = read.conversion().unwrap();
    if let Ok(rejected) = review(&known.value, &read.lines(), false, Decision::Reject, days(2)) {
        assert_eq!(store.record_review(&read, &rejected, days(2)).await.unwrap(), Written::Now);
    }
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (0, 0, 0));
}

#[tokio::test]
async fn customers_are_counted_once_in_a_window_and_stay_by_their_other_sales() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    for (external_id, day, customer) in [
        ("in_1", 0, Some("ann")),
        ("in_2", 0, Some("ann")),
        ("in_3", 1, Some("ann")),
        ("in_4", 1, Some("bob")),
        ("in_5", 2, None),
    ] {
        sell(&store, external_id, day, customer).await;
    }
    publish(&store).await;
    assert_eq!(of_days(&store, Some(0), 0).await, (20_000, 2, 1));
    assert_eq!(of_days(&store, Some(1), 2).await, (30_000, 3, 2));
    assert_eq!(of_days(&store, None, 2).await, (50_000, 5, 2));
    count_refund(&store, "in_1", &refund_of("re_1", 10_000)).await;
    count_refund(&store, "in_4", &refund_of("re_2", 10_000)).await;
    publish(&store).await;
    assert_eq!(of_days(&store, Some(0), 0).await, (10_000, 1, 1));
    assert_eq!(of_days(&store, None, 2).await, (30_000, 3, 1));
    assert_eq!(audited(&store).await.breaches, []);
}

#[tokio::test]
async fn sales_in_another_currency_count_by_the_rate_frozen_with_them() {
    let store = TestTable::create().await.store();
    let eur: Currency = "EUR".parse().unwrap();
    let (mut conversion, accrual) = sale().attributed();
    conversion.charge.amount = Money::new(10_000, eur);
    conversion.refunded = Money::zero(eur);
    let rate: ExchangeRate = serde_json::from_value(serde_json::json!({
        "from": "EUR", "to": "USD", "day": key::day(sale().at), "rate": "1.1111", "source": "test",
    }))
    .unwrap();
    conversion.terms.as_mut().unwrap().exchange = Some(rate);
    record(&store, &conversion, &accrual).await;
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (11_111, 1, 1));
    for (place, slice) in [3_333, 3_333, 3_334].into_iter().enumerate() {
        let mut refund = refund_of(&format!("re_{place}"), 0);
        refund.amount = Some(Money::new(slice, eur));
        count_refund(&store, INVOICE, &refund).await;
    }
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (0, 0, 0));
    let dashboard = dashboard(&store).await;
    assert_eq!(dashboard.iter().sum::<i64>(), 0, "{dashboard:?}");
}

#[tokio::test]
async fn partners_who_share_a_sale_share_its_revenue() {
    let store = TestTable::create().await.store();
    let (mut conversion, accrual) = sale().attributed();
    let split =
        |level, weight: &str| Split { partner_id: partner_of(level), weight: weight.parse().unwrap() };
    conversion.charge.splits = vec![split(1, "0.5"), split(2, "0.3"), split(3, "0.2")];
    conversion.attribution.rejected = vec![RejectedTouch {
        kind: TouchKind::Split,
        reference: partner_of(3).to_string(),
        reason: Rejection::AgreementInactive,
        partner_id: Some(partner_of(3)),
        at: None,
    }];
    record(&store, &conversion, &accrual).await;
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (5_000, 1, 1));
    assert_eq!(of(&store, &partner_of(2), None, 9).await, (3_000, 1, 1));
    assert_eq!(of(&store, &partner_of(3), None, 9).await, (0, 0, 0));
    count_refund(&store, INVOICE, &refund_of("re_1", 10_000)).await;
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (0, 0, 0));
    assert_eq!(of(&store, &partner_of(2), None, 9).await, (0, 0, 0));
}

#[tokio::test]
async fn a_sale_that_earns_nothing_performs_all_the_same() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    let (mut conversion, _) = sale().attributed();
    conversion.terms.as_mut().unwrap().nothing_earned = Some(NothingEarned::NoRuleMatches);
    record(&store, &conversion, &Accrual { commissions: Vec::new(), transaction: None }).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    publish(&store).await;
    assert_eq!(of_days(&store, None, 9).await, (7_500, 1, 1));
    assert_eq!(audited(&store).await.breaches, []);
}

#[tokio::test]
async fn the_audit_finds_a_counter_that_is_wrong() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    sell(&store, "in_1", 0, Some("ann")).await;
    publish(&store).await;
    assert_eq!(audited(&store).await.breaches, []);
    let (program, partner, day) = (program_id(), partner_of(1), key::day(days(0)));
    let counters = key::metrics(&program, &partner, day, "spring-newsletter-2026");
    let customer = key::active_customer(&program, &partner, day, &CustomerId::derive(&["ann"]));
    store.update(Update::new(counters).add("net_revenue", -1)).await.unwrap();
    store.update(Update::new(customer).add("sales", 1)).await.unwrap();
    let breaches = audited(&store).await.breaches;
    assert!(breaches.iter().all(|breach| breach.check == Check::Projections), "{breaches:?}");
    let items: Vec<_> = breaches.iter().map(|breach| breach.items[0].clone()).collect();
    assert!(items.iter().any(|item| item.ends_with("revenue")), "{items:?}");
    assert!(items.iter().any(|item| item.contains("cus_")), "{items:?}");
    assert_eq!(items.len(), 2);
}

#[tokio::test]
async fn amounts_of_the_dashboard_stay_on_their_own_days() {
    let store = TestTable::create().await.store();
    sale().record(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    publish(&store).await;
    assert_eq!(dashboard(&store).await, [10_000, -2_500]);
}
