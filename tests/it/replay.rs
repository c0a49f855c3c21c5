//! The journal recomputed from the facts: equal, until somebody changes a row.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use store::Row;
use tests::{
    World,
    story::{Partner, Program, plan, sale, text, usd},
};

/// Sales under two plans, refunds before and after maturity, adjustments, and reviews that let pass
/// and turn down.
async fn story(world: &World) -> (Program, [Partner; 3]) {
    let program = world.program().await;
    let family = world.three_generations(&program).await;
    let kid = &family[2];
    let click = world.visit(&program, kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "33.33").await;
    world.refund(&program, "order-1", "refund-2", "0.01").await;
    world.days(2).await;
    let mut dearer = plan();
    dearer["rules"][0]["reward"]["rate"] = json!("0.30");
    dearer["levels"] = json!([{ "of": "level_one", "rate": "0.10" }]);
    world.publish(&program.id, &dearer).await;
    world.sale(&program, "order-2", "59.99", &click).await;
    for (order, decision) in [("own-1", "release"), ("own-2", "reject")] {
        let mut fact = sale(order, "40.00", Some(&click));
        fact["customer"]["email"] = json!("kid@partners.example");
        world.conversion(&program, &fact).expect(202).await;
        world.drain().await;
        world.refund(&program, order, "refund-1", "10.00").await;
        let held = line(world, &program, kid, |line| line["status"] == "held").await;
        let path = format!("/admin/commissions/{held}/decide");
        world.admin("POST", &path).json(&json!({ "decision": decision })).expect(200).await;
        world.refund(&program, order, "refund-2", "5.00").await;
    }
    adjust(world, &program, kid, "1.50").await;
    world.days(31).await;
    world.refund(&program, "order-1", "refund-3", "20.00").await;
    adjust(world, &program, kid, "-0.75").await;
    world.refund(&program, "order-2", "refund-1", "59.99").await;
    world.settle().await;
    (program, family)
}

async fn line(world: &World, program: &Program, partner: &Partner, is: impl Fn(&Value) -> bool) -> String {
    let lines = world.commissions(program, partner).await;
    text(&lines.iter().find(|line| is(line)).unwrap()["id"])
}

/// Adjusts the partner's first sale.
async fn adjust(world: &World, program: &Program, partner: &Partner, amount: &str) {
    let first = line(world, program, partner, |line| line["earned"]["amount"] == "20.00").await;
    let body = json!({ "amount": usd(amount), "reason": "goodwill" });
    world.admin("POST", &format!("/admin/commissions/{first}/adjustments")).json(&body).expect(201).await;
}

/// The last page of a replay, and how many there were.
async fn replay(world: &World, program: &Program, asked: &Value) -> (Value, usize) {
    let path = format!("/admin/programs/{}/replay", program.id);
    let (mut body, mut pages) = (asked.clone(), 1);
    loop {
        let page = world.admin("POST", &path).json(&body).expect(200).await;
        if page["next_cursor"].is_null() {
            return (page, pages);
        }
        body["cursor"] = page["next_cursor"].clone();
        pages += 1;
    }
}

async fn put(world: &World, row: &Row) {
    let put = world.table.client().put_item().table_name(world.table.name());
    put.set_item(Some(row.attributes().clone())).send().await.unwrap();
}

fn with(row: &Row, name: &str, value: AttributeValue) -> Row {
    let mut attributes = row.attributes().clone();
    attributes.insert(name.to_owned(), value);
    Row::from_attributes(attributes)
}

/// The entry with a cent more on its first partner's posting, and a cent less on the expense: the
/// sum stays zero.
fn a_cent_more(entry: &Row) -> Row {
    let mut postings = entry.attributes()["post"].as_l().unwrap().clone();
    for posting in &mut postings {
        let AttributeValue::M(posting) = posting else { panic!("a posting is a map") };
        let is_expense = posting["a"].as_s().unwrap() == "expense";
        if is_expense || posting.get("l").is_some_and(|level| level.as_n().unwrap() == "1") {
            let minor: i64 = posting["m"].as_n().unwrap().parse().unwrap();
            let minor = if is_expense { minor + 1 } else { minor - 1 };
            posting.insert("m".to_owned(), AttributeValue::N(minor.to_string()));
        }
    }
    with(entry, "post", AttributeValue::L(postings))
}

#[tokio::test]
async fn the_journal_follows_from_the_facts_page_by_page() {
    let world = World::start().await;
    let (program, _) = story(&world).await;
    let before = world.table.dump().await;
    let (whole, pages) = replay(&world, &program, &json!({})).await;
    assert_eq!(pages, 1);
    assert_eq!(whole["first_difference"], json!(null), "{whole:#}");
    // Four accruals, six refunds that changed an amount, a rejection, two adjustments.
    assert_eq!((&whole["conversions"], &whole["entries"]), (&json!(4), &json!(13)));
    let is_replayed = |row: &&Row| row.entity() == "journal" && row.text("kind") != Some("mature");
    assert_eq!(before.iter().filter(is_replayed).count(), 13);
    assert_eq!(whole["expected_hash"], whole["stored_hash"]);
    let (paged, pages) = replay(&world, &program, &json!({ "limit": 1 })).await;
    assert!(pages >= 4, "{pages}");
    assert_eq!(paged, whole, "the last page speaks for all");
    let (none, _) = replay(&world, &program, &json!({ "from": "2026-11-05" })).await;
    assert_eq!(none["conversions"], 0);
    assert_eq!(none["expected_hash"], "0".repeat(64));
    let (first, _) = replay(&world, &program, &json!({ "to": "2026-11-02" })).await;
    assert_eq!(first["conversions"], 1);
    assert_eq!(world.table.dump().await, before, "nothing is written");
    world.audit().await;
}

#[tokio::test]
async fn a_row_that_was_changed_is_named() {
    let world = World::start().await;
    let (program, _) = story(&world).await;
    let rows = world.table.dump().await;
    let entry = |kind: &str| {
        let is = |row: &&Row| row.entity() == "journal" && row.text("kind") == Some(kind);
        rows.iter().find(is).unwrap()
    };
    for kind in ["accrue", "refund", "reject", "adjust"] {
        let good = entry(kind);
        put(&world, &a_cent_more(good)).await;
        let (found, _) = replay(&world, &program, &json!({ "limit": 2 })).await;
        let difference = &found["first_difference"];
        assert_eq!(difference["transaction_id"].as_str(), good.text("id"), "{kind}: {found:#}");
        assert!(text(&difference["what"]).starts_with("posting "), "{kind}: {difference}");
        let ends = |side: &str| text(&difference[side]).ends_with(" USD");
        assert!(ends("expected") && ends("stored"), "{kind}: {difference}");
        assert_ne!(found["expected_hash"], found["stored_hash"], "{kind}");

        let key = |name: &str| good.attributes()[name].clone();
        let delete = world.table.client().delete_item().table_name(world.table.name());
        delete.key("PK", key("PK")).key("SK", key("SK")).send().await.unwrap();
        let (found, _) = replay(&world, &program, &json!({})).await;
        assert_eq!(found["first_difference"]["what"], "entry", "{kind}");
        assert_eq!(found["first_difference"]["stored"], json!(null), "{kind}");
        put(&world, good).await;
    }
    let conversion = rows.iter().find(|row| row.entity() == "conversion").unwrap();
    put(&world, &with(conversion, "state", AttributeValue::S("torn".to_owned()))).await;
    let (found, _) = replay(&world, &program, &json!({})).await;
    assert_eq!(found["first_difference"]["what"], "facts");
    put(&world, conversion).await;
    let (found, _) = replay(&world, &program, &json!({})).await;
    assert_eq!(found["first_difference"], json!(null));
}

#[tokio::test]
async fn a_cursor_goes_on_with_its_own_question_only() {
    let world = World::start().await;
    let (program, _) = story(&world).await;
    let path = format!("/admin/programs/{}/replay", program.id);
    let page = world.admin("POST", &path).json(&json!({ "limit": 1 })).expect(200).await;
    let other = json!({ "to": "2026-12-31", "cursor": page["next_cursor"] });
    let _ = world.admin("POST", &path).json(&other).send().await.problem(400, "invalid_cursor");
    let wrong = json!({ "from": "2026-11-03", "to": "2026-11-02", "limit": 501 });
    let _ = world.admin("POST", &path).json(&wrong).send().await.problem(422, "validation_failed");
    let unknown = "/admin/programs/prg_C2H04S64V5C780R45HNWVP4XQN/replay";
    let _ = world.admin("POST", unknown).json(&json!({})).send().await.problem(404, "not_found");
    let _ = world.partner("kid", "POST", &path).json(&json!({})).send().await.problem(403, "forbidden");
}
