//! Tiers: every active partner is found, and a move happens once.

use domain::{
    agreement::AgreementStatus,
    performance::{Period, TierChange},
    plan::{Metric, Threshold},
};

use super::{
    page,
    sale::{days, money},
    sample::{agreement, minutes, partner, partner_id, program_id, request},
};
use crate::{Error, Store, Versioned, testing::TestTable};

async fn register(store: &Store, name: &str, status: AgreementStatus) {
    let mut agreement = agreement(name, None, super::now());
    agreement.status = status;
    store.register(&partner(name), &agreement, request(name).once()).await.unwrap();
}

fn change(from: Option<&str>, to: Option<&str>, day: i64) -> TierChange {
    TierChange {
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        metric: Metric::Revenue,
        value: Threshold::Amount(money(50_000)),
        window: Period { first: Some(crate::key::day(days(day))), last: crate::key::day(days(day)) },
        plan_version: 2,
        at: days(day),
    }
}

#[tokio::test]
async fn every_active_enrolment_is_found_at_its_revision() {
    let store = TestTable::create().await.store();
    let names: Vec<_> = (0..20).map(|number| format!("partner {number}")).collect();
    for name in &names {
        register(&store, name, AgreementStatus::Approved).await;
    }
    register(&store, "applicant", AgreementStatus::Applied).await;
    register(&store, "stopped", AgreementStatus::Suspended).await;
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let (agreements, next) = store.active_agreements(&program_id(), from).await.unwrap();
        found.extend(agreements.into_iter().map(Result::unwrap));
        from = next;
        if from.is_none() {
            break;
        }
    }
    let mut ids: Vec<_> = found.iter().map(|read| read.value.partner_id.clone()).collect();
    let mut expected: Vec<_> = names.iter().map(|name| partner_id(name)).collect();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    let read = store.agreement(&program_id(), &ids[0]).await.unwrap().unwrap();
    assert!(found.contains(&read));
}

#[tokio::test]
async fn a_move_is_noted_and_happens_at_the_revision_that_was_read() {
    let store = TestTable::create().await.store();
    register(&store, "ann", AgreementStatus::Approved).await;
    let (program, ann) = (program_id(), partner_id("ann"));
    let read = || async { store.agreement(&program, &ann).await.unwrap().unwrap() };
    let first: Versioned<_> = read().await;
    let up = change(None, Some("gold"), 1);
    store.change_tier(&first, &up).await.unwrap();
    let again = store.change_tier(&first, &change(None, Some("gold"), 2)).await.unwrap_err();
    assert!(matches!(again, Error::Condition(_)), "{again:?}");
    let second = read().await;
    assert_eq!(second.value.tier_at(days(1)), Some("gold"));
    assert_eq!(second.value.tier_at(minutes(5)), None);
    let down = change(Some("gold"), None, 3);
    store.change_tier(&second, &down).await.unwrap();
    assert_eq!(read().await.value.commission_tier, None);
    let listed = store.tier_changes(&program, &ann, &page("tier_changes")).await.unwrap();
    assert_eq!((listed.data, listed.next), (vec![down, up], None));
}
