//! Programs, plans, links, clicks and API keys.

use domain::{
    id::{ApiKeyId, ProgramId},
    link::Link,
};
use futures_util::future::join_all;
use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::{
    now,
    sample::{click, link, minutes, partner_id, plan, program, program_id, request},
};
use crate::{
    Error,
    api_key::ApiKeyRecord,
    click::click_of,
    cursor::{Cursors, Scope},
    idempotency::Committed,
    link::LinkCreated,
    page::PageRequest,
    testing::TestTable,
};

const LIMIT: u32 = 3;

#[tokio::test]
async fn a_program_and_its_plans_come_back_as_they_were() {
    let store = TestTable::create().await.store();
    let create = request("create");
    assert_eq!(store.create_program(&program(), create.once()).await.unwrap(), Committed::Now);
    assert_eq!(store.create_program(&program(), create.once()).await.unwrap(), create.replay());
    assert_eq!(store.program(&program_id()).await.unwrap(), Some(program()));
    assert_eq!(store.program(&ProgramId::derive(&["other"])).await.unwrap(), None);

    assert_eq!(store.plans(&program_id()).await.unwrap(), []);
    for version in [1, 2, 10] {
        let publish = request(&format!("publish {version}"));
        store.publish_plan(&plan(version), publish.once()).await.unwrap();
    }
    assert_eq!(store.plans(&program_id()).await.unwrap(), [plan(1), plan(2), plan(10)]);
    let raced = store.publish_plan(&plan(2), request("raced").once()).await;
    assert!(matches!(raced, Err(Error::Condition(_))), "a version never changes");
}

#[tokio::test]
async fn a_slug_belongs_to_the_first_who_took_it() {
    let store = TestTable::create().await.store();
    let first = link("summer", "ann", now());
    let create = request("ann");
    let created = store.create_link(&first, LIMIT, create.once()).await.unwrap();
    assert_eq!(created, LinkCreated::Committed(Committed::Now));
    let created = store.create_link(&first, LIMIT, create.once()).await.unwrap();
    assert_eq!(created, LinkCreated::Committed(create.replay()));
    let taken = store.create_link(&link("summer", "bob", now()), LIMIT, request("bob").once()).await.unwrap();
    assert_eq!(taken, LinkCreated::SlugTaken(Box::new(first.clone())));
    assert_eq!(store.link(&first.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn links_are_listed_for_their_partner_newest_first() {
    let store = TestTable::create().await.store();
    for (minute, slug) in ["one", "two", "three"].into_iter().enumerate() {
        let link = link(slug, "ann", minutes(i64::try_from(minute).unwrap()));
        store.create_link(&link, LIMIT, request(slug).once()).await.unwrap();
    }
    store.create_link(&link("other", "bob", now()), LIMIT, request("other").once()).await.unwrap();
    let scope = Scope { caller: "ann", list: "links", filters: &[] };
    let page = PageRequest::new(&Cursors::new([7; 32], None), &scope, None, None, now()).unwrap();
    let links = store.links(&program_id(), &partner_id("ann"), &page).await.unwrap();
    let slugs: Vec<_> = links.data.iter().map(|link| link.slug.as_str()).collect();
    assert_eq!(slugs, ["three", "two", "one"]);
}

#[tokio::test]
async fn a_partner_has_so_many_links_and_a_disabled_one_makes_room() {
    let table = TestTable::create().await;
    let store = table.store();
    let links: Vec<_> = (0..9).map(|number| link(&format!("link-{number}"), "ann", now())).collect();
    let create = |link| {
        let store = table.store();
        async move {
            let Link { slug, .. } = &link;
            store.create_link(&link, LIMIT, request(slug.as_str()).once()).await.unwrap()
        }
    };
    let made = join_all(links.iter().cloned().map(create)).await;
    let committed = |made: &LinkCreated| *made == LinkCreated::Committed(Committed::Now);
    assert_eq!(made.iter().filter(|made| committed(made)).count(), 3, "{made:?}");
    assert_eq!(made.iter().filter(|made| **made == LinkCreated::LimitReached).count(), 6);
    let other = store.create_link(&link("other", "bob", now()), LIMIT, request("bob").once()).await.unwrap();
    assert!(committed(&other), "each partner has its own");
    let place = made.iter().position(committed).unwrap();
    for minute in [1, 2] {
        let disabled = store.disable_link(links[place].clone(), minutes(minute)).await.unwrap();
        assert_eq!(disabled, Link { disabled_at: Some(minutes(1)), ..links[place].clone() });
        assert_eq!(store.link_now(&disabled.id).await.unwrap(), Some(disabled));
    }
    let slugs = ["after-1", "after-2"];
    let made = join_all(slugs.map(|slug| create(link(slug, "ann", now())))).await;
    assert_eq!(made.iter().filter(|made| committed(made)).count(), 1, "a second disabling frees nothing");
    // The slug is told before the limit: whose it is decides what to answer.
    let taken = store.create_link(&links[place], LIMIT, request("again").once()).await.unwrap();
    assert!(matches!(taken, LinkCreated::SlugTaken(_)));
}

#[tokio::test]
async fn a_link_costs_seven_units_and_its_end_five_one_of_each_for_the_index() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let link = link("summer", "ann", now());
    store.create_link(&link, LIMIT, request("ann").once()).await.unwrap();
    let created = meter.take().total_writes();
    store.disable_link(link, minutes(1)).await.unwrap();
    let disabled = meter.take().total_writes();
    if table.counts_units() {
        assert_eq!((created, disabled), (Decimal::from(7), Decimal::from(5)));
    }
}

#[tokio::test]
async fn a_click_costs_one_unit_and_counts_until_its_time_is_over() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let (click, expires_at) = (click(1, now()), now() + SignedDuration::from_hours(24));
    store.record_click(&click, expires_at).await.unwrap();
    assert_eq!(meter.take().total_writes(), Decimal::ONE);
    store.record_click(&click, expires_at).await.unwrap();
    assert_eq!(store.click(&click.id, now()).await.unwrap(), Some(click.clone()));
    assert_eq!(store.click(&click.id, expires_at).await.unwrap(), None);
    let rows = table.dump().await;
    assert_eq!(click_of(rows[0].clone()).unwrap(), click);
}

#[tokio::test]
async fn an_api_key_is_kept_by_its_digest() {
    let store = TestTable::create().await.store();
    let record = ApiKeyRecord {
        id: ApiKeyId::derive(&["key"]),
        program_id: program_id(),
        name: "shop".to_owned(),
        digest: "digest".to_owned(),
        scopes: vec!["conversions:write".to_owned()],
        created_at: now(),
        revoked_at: None,
    };
    store.create_api_key(&record, request("key").once()).await.unwrap();
    assert_eq!(store.api_key(&record.id).await.unwrap(), Some(record));
    assert_eq!(store.api_key(&ApiKeyId::derive(&["other"])).await.unwrap(), None);
}
