//! How many links there may be, how one ends, and its QR code.

use domain::link::Slug;
use jiff::SignedDuration;
use serde_json::json;
use tests::{
    World,
    story::{DESTINATION, plan, program_request, sale},
};

#[tokio::test]
async fn a_partner_has_as_many_links_as_its_program_allows() {
    let world = World::start().await;
    let mut request = program_request();
    request["links"] = json!({ "limit_per_partner": 2 });
    let program = world.program_with(&request, &plan()).await;
    let jane = world.join(&program, "jane", None).await;
    let john = world.join(&program, "john", None).await;
    let body = json!({ "program_id": program.id, "destination": DESTINATION });
    let make = || world.partner("jane", "POST", "/affiliate/links/generate").json(&body);
    let first = make().expect(201).await;
    let again = make().key("second");
    again.clone().expect(201).await;
    let refused = make().send().await.problem(409, "link_limit_reached");
    assert!(refused.text.contains("2 links"), "{}", refused.text);
    // A repeated request is answered as the first time, and another partner has its own links.
    again.expect(201).await;
    world.link(&program, &john).await;
    let disable = format!("/affiliate/links/{}/disable", first["id"].as_str().unwrap());
    for _ in 0..2 {
        world.partner("jane", "POST", &disable).expect(200).await;
    }
    world.link(&program, &jane).await;
    let _ = make().send().await.problem(409, "link_limit_reached");
}

#[tokio::test]
async fn a_disabled_link_leads_nowhere_and_what_it_brought_before_counts() {
    let world = World::start().await;
    let program = world.program().await;
    let jane = world.join(&program, "jane", None).await;
    world.join(&program, "john", None).await;
    let slugs = [world.link(&program, &jane).await, world.link(&program, &jane).await];
    let path = |slug: &String| {
        let id = Slug::try_from(slug.clone()).unwrap().link_id();
        format!("/affiliate/links/{id}/disable")
    };
    let before = world.click(&slugs[0]).await;
    world.click(&slugs[1]).await;
    world.settle().await;
    let _ = world.partner("john", "POST", &path(&slugs[0])).send().await.problem(404, "not_found");
    let merchant = world.call("POST", &path(&slugs[0])).bearer(&program.token).send().await;
    let _ = merchant.problem(403, "forbidden");
    world.click(&slugs[0]).await;
    let disabled = world.partner("jane", "POST", &path(&slugs[0])).expect(200).await;
    assert_eq!((&disabled["disabled_at"], &disabled["clicks"]), (&json!(world.now()), &json!(1)));
    world.wait(SignedDuration::from_secs(1));
    assert_eq!(world.partner("jane", "POST", &path(&slugs[0])).expect(200).await, disabled);
    let by_admin = world.admin("POST", &path(&slugs[1])).expect(200).await;
    assert_eq!(by_admin["disabled_at"], json!(world.now()));
    // For a minute an instance may lead on by what it has read; such a click attributes nothing.
    let after = world.click(&slugs[0]).await;
    world.wait(SignedDuration::from_mins(1));
    for slug in &slugs {
        let _ = world.call("GET", &format!("/r/{slug}")).send().await.problem(404, "not_found");
    }
    for (order, click) in [("before", &before), ("after", &after)] {
        world.conversion(&program, &sale(order, "100.00", Some(click))).expect(202).await;
    }
    world.drain().await;
    assert_eq!(world.amounts(&program, std::slice::from_ref(&jane)).await, ["20.00"]);
    let body = json!({ "program_id": program.id, "destination": DESTINATION, "slug": slugs[0] });
    let john = world.partner("john", "POST", "/affiliate/links/generate").json(&body);
    let _ = john.send().await.problem(409, "slug_taken");
    world.audit().await;
}

#[tokio::test]
async fn a_link_has_a_qr_code_for_its_partner() {
    let world = World::start().await;
    let program = world.program().await;
    let jane = world.join(&program, "jane", None).await;
    world.join(&program, "john", None).await;
    let slug = world.link(&program, &jane).await;
    let path = format!("/affiliate/links/{}/qr-code", Slug::try_from(slug).unwrap().link_id());
    let code = |query: &str| world.partner("jane", "GET", &format!("{path}{query}"));
    let drawn = code("").send().await;
    assert_eq!((drawn.status, drawn.header("content-type")), (200, Some("image/svg+xml")));
    assert_eq!(drawn.header("cache-control"), Some("private, max-age=86400"));
    assert!(drawn.text.starts_with("<svg ") && drawn.text.contains("width=\"512\""));
    let picture = code("?format=png&size=300").send().await;
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    assert_eq!(picture.bytes[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(picture.bytes[16..24], [0, 0, 1, 44, 0, 0, 1, 44], "300 by 300");
    for query in ["?size=127", "?size=2049", "?size=x", "?format=gif", "?color=red"] {
        let _ = code(query).send().await.problem(422, "validation_failed");
    }
    let _ = world.partner("john", "GET", &path).send().await.problem(404, "not_found");
}
