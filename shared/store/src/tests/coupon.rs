//! Coupons: one owner for each code, and lists.

use domain::coupon::{Coupon, CouponCode};
use futures_util::future::join_all;
use rust_decimal::Decimal;

use super::sample::{minutes, partner_id, program_id, request};
use crate::{coupon::CouponCreated, error::Error, idempotency::Committed, testing::TestTable};

fn coupon(text: &str, partner: &str, minute: i64) -> Coupon {
    let code = CouponCode::try_from(text.to_owned()).unwrap();
    Coupon {
        id: code.coupon_id(&program_id()),
        program_id: program_id(),
        code,
        partner_id: partner_id(partner),
        campaign: None,
        created_at: minutes(minute),
        disabled_at: None,
    }
}

#[tokio::test]
async fn a_code_has_the_owner_who_came_first() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let first = coupon("SUMMER10", "ann", 0);
    let _ = meter.take();
    for _ in 0..2 {
        let created = store.create_coupon(&first, request("first").once()).await.unwrap();
        assert!(matches!(created, CouponCreated::Committed(_)), "{created:?}");
    }
    if table.counts_units() {
        assert_eq!(meter.take().writes["table"], Decimal::from(4));
    }
    let second = store.create_coupon(&coupon("summer10", "bob", 1), request("second").once()).await.unwrap();
    assert_eq!(second, CouponCreated::CodeTaken(Box::new(first.clone())));
    let typed = CouponCode::try_from("Summer10".to_owned()).unwrap();
    assert_eq!(store.coupon_of(&program_id(), &typed).await.unwrap(), Some(first));
    let unknown = CouponCode::try_from("WINTER".to_owned()).unwrap();
    assert_eq!(store.coupon_of(&program_id(), &unknown).await.unwrap(), None);
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_code() {
    let store = TestTable::create().await.store();
    let names: Vec<_> = (0..16).map(|number| format!("partner-{number}")).collect();
    let requests: Vec<_> = names.iter().map(|name| request(name)).collect();
    let coupons: Vec<_> = names.iter().map(|name| coupon("FLASH", name, 0)).collect();
    let calls =
        coupons.iter().zip(&requests).map(|(coupon, request)| store.create_coupon(coupon, request.once()));
    let created = join_all(calls).await;
    let is_made = |created: &Result<CouponCreated, Error>| {
        matches!(created, Ok(CouponCreated::Committed(Committed::Now)))
    };
    assert_eq!(created.iter().filter(|created| is_made(created)).count(), 1, "{created:?}");
    assert!(created.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_coupon_is_changed_at_the_revision_that_was_read() {
    let store = TestTable::create().await.store();
    let first = coupon("SUMMER10", "ann", 0);
    store.create_coupon(&first, request("first").once()).await.unwrap();
    let read = store.coupon(&first.id).await.unwrap().unwrap();
    let disabled = Coupon { disabled_at: Some(minutes(5)), ..first.clone() };
    store.update_coupon(&read, &disabled).await.unwrap();
    let late = Coupon { disabled_at: Some(minutes(6)), ..first.clone() };
    assert!(matches!(store.update_coupon(&read, &late).await, Err(Error::Condition(_))));
    assert_eq!(store.coupon(&first.id).await.unwrap().unwrap().value, disabled);
}

#[tokio::test]
async fn coupons_are_listed_by_program_and_by_partner() {
    let store = TestTable::create().await.store();
    for (number, (code, partner)) in
        [("A1", "ann"), ("B1", "bob"), ("A2", "ann"), ("C1", "cid"), ("A3", "ann")].into_iter().enumerate()
    {
        let coupon = coupon(code, partner, i64::try_from(number).unwrap());
        store.create_coupon(&coupon, request(code).once()).await.unwrap();
    }
    let page = super::page("coupons");
    let codes = |coupons: &[Coupon]| -> Vec<String> {
        coupons.iter().map(|coupon| coupon.code.to_string()).collect()
    };
    let own = store.coupons(&program_id(), Some(&partner_id("ann")), &page).await.unwrap();
    assert_eq!(codes(&own.data), ["A3", "A2", "A1"]);
    let mut all = codes(&store.coupons(&program_id(), None, &page).await.unwrap().data);
    all.sort();
    assert_eq!(all, ["A1", "A2", "A3", "B1", "C1"]);
}
