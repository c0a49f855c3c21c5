//! Partners and their place in the tree.

use domain::{
    agreement::{AgreementStatus, ContractConditions},
    partner::{Identity, IdentityStatus, Partner, PayoutMethod, PayoutProvider},
};
use rust_decimal::Decimal;

use super::{
    now,
    sample::{agreement, minutes, partner, partner_id, program_id, request},
};
use crate::{
    Error, Store,
    agreement::Enrolled,
    cursor::{Cursors, Scope},
    idempotency::Committed,
    page::PageRequest,
    partner::Registered,
    testing::{Fault, Faults, TestTable},
};

const NOW: Registered = Registered::Committed(Committed::Now);

async fn register(store: &Store, name: &str, sponsor: Option<&str>, minute: i64) -> Registered {
    let sponsor = match sponsor {
        Some(name) => store.agreement(&program_id(), &partner_id(name)).await.unwrap(),
        None => None,
    };
    let agreement = agreement(name, sponsor.as_ref().map(|sponsor| &sponsor.value), minutes(minute));
    let request = request(name);
    store.register(&partner(name), &agreement, request.once()).await.unwrap()
}

fn page(limit: u8, cursor: Option<&str>) -> PageRequest {
    let scope = Scope { caller: "admin", list: "test", filters: &[] };
    PageRequest::new(&Cursors::new([7; 32], None), &scope, Some(limit), cursor, now()).unwrap()
}

#[tokio::test]
async fn a_partner_registers_once_and_an_email_belongs_to_one() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    assert_eq!(register(&store, "ann", None, 0).await, NOW);
    if table.counts_units() {
        let units = meter.take().writes["table"];
        assert_eq!(units, Decimal::from(10), "partner, marker, agreement, enrolment, answer");
    }
    let found = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    assert_eq!((found.value, found.revision), (partner("ann"), 0));

    let first = request("ann");
    assert_eq!(register(&store, "ann", None, 0).await, Registered::Committed(first.replay()));
    let again = request("another key");
    let enrolment = agreement("ann", None, now());
    let exists = store.register(&partner("ann"), &enrolment, again.once()).await.unwrap();
    assert_eq!(exists, Registered::Exists);
    let enrolment = agreement("bob", None, now());
    let same_address = Partner { email_hash: partner("ann").email_hash, ..partner("bob") };
    let taken = store.register(&same_address, &enrolment, again.once()).await.unwrap();
    assert_eq!(taken, Registered::EmailTaken);
    assert_eq!(store.partner(&partner_id("bob")).await.unwrap(), None);
    assert_eq!(store.partners(&[partner_id("ann"), partner_id("bob")]).await.unwrap(), [partner("ann")]);
}

#[tokio::test]
async fn a_lost_answer_to_a_registration_is_no_second_one() {
    let table = TestTable::create().await;
    let faulty = table.faulty(Faults::script([Some(Fault::AnswerLost)]));
    assert_eq!(register(&faulty, "ann", None, 0).await, NOW);
}

#[tokio::test]
async fn recruits_stand_below_their_sponsor_and_only_below_an_active_one() {
    let store = TestTable::create().await.store();
    assert_eq!(register(&store, "ann", None, 0).await, NOW);
    for (minute, name) in ["bob", "cid", "dan"].into_iter().enumerate() {
        let minute = i64::try_from(minute).unwrap();
        assert_eq!(register(&store, name, Some("ann"), minute + 1).await, NOW);
    }
    assert_eq!(register(&store, "eve", Some("bob"), 9).await, NOW);
    let eve = store.agreement(&program_id(), &partner_id("eve")).await.unwrap().unwrap();
    assert_eq!(eve.value.ancestors, [partner_id("bob"), partner_id("ann")]);
    let first = store.recruits(&program_id(), &partner_id("ann"), &page(2, None)).await.unwrap();
    let names = |agreements: &[domain::agreement::Agreement]| {
        agreements.iter().map(|agreement| agreement.partner_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&first.data), [partner_id("dan"), partner_id("cid")]);
    let rest = page(2, first.next.as_deref());
    let rest = store.recruits(&program_id(), &partner_id("ann"), &rest).await.unwrap();
    assert_eq!((names(&rest.data), rest.next), (vec![partner_id("bob")], None));
    let upline = store.agreements(&program_id(), &eve.value.ancestors).await.unwrap();
    assert_eq!(upline.len(), 2);

    // The sponsor is stopped while the recruit's request is under way.
    let ann = store.agreement(&program_id(), &partner_id("ann")).await.unwrap().unwrap();
    let mut stopped = ann.value.clone();
    stopped.status = AgreementStatus::Suspended;
    store.update_agreement(&ann, &stopped).await.unwrap();
    let late = agreement("fay", Some(&ann.value), minutes(10));
    let refused = store.register(&partner("fay"), &late, request("fay").once()).await.unwrap();
    assert_eq!(refused, Registered::SponsorInactive);
    let refused = store.enrol(&late, request("fay").once()).await.unwrap();
    assert_eq!(refused, Enrolled::SponsorInactive);
}

#[tokio::test]
async fn the_write_itself_refuses_a_cycle_and_a_missing_sponsor() {
    let store = TestTable::create().await.store();
    // A tree that no check could have let through: bob stands below cid, who is not enrolled.
    let mut bob = agreement("bob", None, now());
    bob.ancestors = vec![partner_id("cid")];
    assert_eq!(store.enrol(&bob, request("bob").once()).await.unwrap(), Enrolled::SponsorInactive);
    bob.ancestors.clear();
    store.enrol(&bob, request("bob alone").once()).await.unwrap();
    let read = store.agreement(&program_id(), &partner_id("bob")).await.unwrap().unwrap();
    bob.ancestors = vec![partner_id("cid")];
    store.update_agreement(&read, &bob).await.unwrap();
    let mut cid = agreement("cid", None, now());
    cid.ancestors = vec![partner_id("bob"), partner_id("cid")];
    let refused = store.enrol(&cid, request("cid").once()).await.unwrap();
    assert_eq!(refused, Enrolled::SponsorInactive);
    let mut dan = agreement("dan", None, now());
    dan.ancestors = vec![partner_id("bob")];
    let enrolled = store.enrol(&dan, request("dan").once()).await.unwrap();
    assert_eq!(enrolled, Enrolled::Committed(Committed::Now));
}

#[tokio::test]
async fn an_application_moves_from_list_to_list() {
    let store = TestTable::create().await.store();
    for (minute, name) in ["ann", "bob", "cid"].into_iter().enumerate() {
        let mut applied = agreement(name, None, minutes(i64::try_from(minute).unwrap()));
        applied.status = AgreementStatus::Applied;
        applied.approved_at = None;
        let enrolled = store.enrol(&applied, request(name).once()).await.unwrap();
        assert_eq!(enrolled, Enrolled::Committed(Committed::Now));
    }
    let bob = store.agreement(&program_id(), &partner_id("bob")).await.unwrap().unwrap();
    let approved = bob.value.approve(ContractConditions::default(), minutes(5)).unwrap();
    store.update_agreement(&bob, &approved).await.unwrap();
    let raced = store.update_agreement(&bob, &approved).await;
    assert!(matches!(raced, Err(Error::Condition(_))), "another administrator was faster");
    let list = async |status| {
        let page = store.agreements_of_program(&program_id(), status, &page(100, None)).await.unwrap();
        page.data.into_iter().map(|agreement| agreement.partner_id).collect::<Vec<_>>()
    };
    let applied = list(Some(AgreementStatus::Applied)).await;
    assert_eq!(applied, [partner_id("ann"), partner_id("cid")], "the oldest application first");
    assert_eq!(list(Some(AgreementStatus::Approved)).await, [partner_id("bob")]);
    assert_eq!(list(None).await.len(), 3);
}

#[tokio::test]
async fn a_profile_changes_only_from_the_state_that_was_read() {
    let store = TestTable::create().await.store();
    register(&store, "ann", None, 0).await;
    let read = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    let mut changed = read.value.clone();
    changed.website = Some("https://ann.example.com".to_owned());
    store.update_partner(&read, &changed).await.unwrap();
    assert!(matches!(store.update_partner(&read, &changed).await, Err(Error::Condition(_))));
    let now_there = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    assert_eq!((now_there.value, now_there.revision), (changed, 1));
}

#[tokio::test]
async fn every_version_of_a_payout_method_stays_readable() {
    let store = TestTable::create().await.store();
    register(&store, "ann", None, 0).await;
    for version in 1..=2 {
        let read = store.partner(&partner_id("ann")).await.unwrap().unwrap();
        let mut changed = read.value.clone();
        changed.payout_method = Some(PayoutMethod {
            provider: PayoutProvider::Stripe,
            hint: "1234".to_owned(),
            version,
            set_at: minutes(i64::from(version)),
        });
        store.set_payout_method(&read, &changed, &format!("sealed-{version}")).await.unwrap();
    }
    let destination = async |version| store.payout_destination(&partner_id("ann"), version).await.unwrap();
    assert_eq!(destination(1).await.as_deref(), Some("sealed-1"));
    assert_eq!(destination(2).await.as_deref(), Some("sealed-2"));
    assert_eq!(destination(3).await, None);
    let found = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    assert_eq!(found.value.payout_method.map(|method| method.version), Some(2));
}

#[tokio::test]
async fn an_identity_check_is_noted_with_the_partner() {
    let table = TestTable::create().await;
    let store = table.store();
    register(&store, "ann", None, 0).await;
    let read = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    let mut changed = read.value.clone();
    changed.identity = Identity::started("vs_1".to_owned());
    let start = request("start");
    let committed = store.start_identity_check(&read, &changed, start.once()).await.unwrap();
    assert_eq!(committed, Committed::Now);
    let committed = store.start_identity_check(&read, &changed, start.once()).await.unwrap();
    assert_eq!(committed, start.replay());
    let found = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    assert_eq!(found.value.identity.status, IdentityStatus::Started);
    assert!(table.dump().await.iter().any(|row| row.key().sk == "IDV#vs_1"));
}
