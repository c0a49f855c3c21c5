//! Tracking links and the visitors who follow them.

use serde_json::json;
use tests::{
    World,
    story::{DESTINATION, plan, program_request},
};
use url::Url;

#[tokio::test]
async fn a_visitor_is_sent_on_with_utm_parameters_and_a_click_id() {
    let world = World::start().await;
    let program = world.program().await;
    world.join(&program, "jane", None).await;
    let body = json!({
        "program_id": program.id,
        "destination": DESTINATION,
        "campaign": "spring",
        "utm": { "source": "jane", "medium": "newsletter" },
        "sub_ids": { "sub1": "issue-12" },
        "slug": "spring-sale",
    });
    let link = world.partner("jane", "POST", "/affiliate/links/generate").json(&body).send().await;
    assert_eq!(link.status, 201, "{}", link.text);
    assert_eq!(link.header("location"), Some("/r/spring-sale"));
    assert_eq!(link.body["url"], "https://api.acme.example/r/spring-sale");

    let reply = world.call("GET", "/r/spring-sale").send().await;
    assert_eq!((reply.status, reply.header("cache-control")), (302, Some("no-store")));
    let target: Url = reply.header("location").unwrap().parse().unwrap();
    let parameters: Vec<_> = target.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(parameters, ["color", "utm_source", "utm_medium", "trb_click"]);
    let click = target.query_pairs().find(|(name, _)| name == "trb_click").unwrap().1.into_owned();
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("trb_click={click}; ")), "{cookie}");
    assert_eq!(world.click("spring-sale").await.len(), click.len());

    world.settle().await;
    let partner = tests::story::Partner { name: "jane".into(), id: String::new(), code: String::new() };
    let figures = world.dashboard(&program, &partner).await;
    assert_eq!(figures["totals"]["clicks"], 2);
    let target = format!("/affiliate/links?program_id={}", program.id);
    let mut expected = link.body;
    (expected["clicks"], expected["unique_clicks"]) = (json!(2), json!(1));
    assert_eq!(world.partner("jane", "GET", &target).expect(200).await["data"][0], expected);
}

#[tokio::test]
async fn an_unknown_link_is_not_there() {
    let world = World::start().await;
    for slug in ["nobody-made-this", "A", "%7B%7D"] {
        let _ = world.call("GET", &format!("/r/{slug}")).send().await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_visitor_gets_through_when_nothing_can_be_recorded() {
    let world = World::start().await;
    let program = world.program().await;
    let jane = world.join(&program, "jane", None).await;
    let slug = world.link(&program, &jane).await;
    let click = world.click(&slug).await;
    // The record is lost; the click id proves itself.
    let rows = world.table.dump().await;
    let row = rows.iter().find(|row| row.key().pk == format!("CLK#{click}")).unwrap();
    let key = |name: &str| row.attributes()[name].clone();
    let delete = world.table.client().delete_item().table_name(world.table.name());
    delete.key("PK", key("PK")).key("SK", key("SK")).send().await.unwrap();
    world.sale(&program, "order-1", "100.00", &click).await;
    assert_eq!(world.amounts(&program, &[jane]).await, ["20.00"]);
}

#[tokio::test]
async fn a_link_stays_within_the_program_and_a_slug_with_its_partner() {
    let world = World::start().await;
    let program = world.program().await;
    world.join(&program, "jane", None).await;
    world.join(&program, "john", None).await;
    let make = |who: &str, destination: &str, slug: Option<&str>| {
        let body = json!({ "program_id": program.id, "destination": destination, "slug": slug });
        world.partner(who, "POST", "/affiliate/links/generate").json(&body)
    };
    for destination in [
        "https://evil.example/",
        "http://shop.acme.example/",
        "https://shop.acme.example.evil.example/",
        "javascript:alert(1)",
    ] {
        let reply = make("jane", destination, None).send().await.problem(422, "validation_failed");
        assert_eq!(reply.faults()[0].0, "/destination", "{destination}");
    }
    make("jane", DESTINATION, Some("spring-sale")).expect(201).await;
    for who in ["john", "jane"] {
        let _ = make(who, DESTINATION, Some("spring-sale")).send().await.problem(409, "slug_taken");
    }
    let reply = make("jane", DESTINATION, Some("login")).send().await.problem(422, "validation_failed");
    assert_eq!(reply.faults(), [("/slug".to_owned(), "invalid".to_owned())]);
}

/// Where a visitor lands.
async fn landing(world: &World, target: &str) -> Url {
    let reply = world.call("GET", target).send().await;
    assert_eq!(reply.status, 302, "{target}: {}", reply.text);
    reply.header("location").unwrap().parse().unwrap()
}

fn parameters(url: &Url) -> Vec<(String, String)> {
    let pairs = url.query_pairs().filter(|(name, _)| name != "trb_click");
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[tokio::test]
async fn a_programs_template_fills_what_a_link_leaves_open_and_labels_go_along() {
    let world = World::start().await;
    let mut request = program_request();
    request["links"] = json!({
        "utm": { "source": "partners", "medium": "affiliate", "campaign": "{campaign}", "content": "{partner_id}" },
        "pass_sub_ids": true,
    });
    let program = world.program_with(&request, &plan()).await;
    let jane = world.join(&program, "jane", None).await;
    let body = json!({
        "program_id": program.id,
        "destination": DESTINATION,
        "utm": { "source": "jane" },
        "sub_ids": { "sub1": "blog", "sub3": "footer" },
        "slug": "boots",
    });
    world.partner("jane", "POST", "/affiliate/links/generate").json(&body).expect(201).await;
    let target = landing(&world, "/r/boots?sub1=mail%207&sub2=issue-12&other=x").await;
    let expected = [
        ("color", "red"),
        ("utm_source", "jane"),
        ("utm_medium", "affiliate"),
        ("utm_content", jane.id.as_str()),
        ("sub1", "mail 7"),
        ("sub2", "issue-12"),
        ("sub3", "footer"),
    ];
    let pairs = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(parameters(&target), pairs);
    let click = target.query_pairs().find(|(name, _)| name == "trb_click").unwrap().1.into_owned();
    let click = world.store().click(&click.try_into().unwrap(), world.now()).await.unwrap().unwrap();
    let labels: Vec<_> = click.sub_ids.parameters().collect();
    assert_eq!(labels, [("sub1", "mail 7"), ("sub2", "issue-12"), ("sub3", "footer")]);
}

#[tokio::test]
async fn a_template_and_a_limit_that_cannot_be_are_refused() {
    let world = World::start().await;
    let mut request = program_request();
    request["links"] = json!({ "utm": { "source": "{email}", "term": "" }, "limit_per_partner": 0 });
    let reply = world.admin("POST", "/admin/programs").json(&request).send().await;
    let faults = reply.problem(422, "validation_failed").faults();
    let pointers: Vec<_> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/links/limit_per_partner", "/links/utm/source", "/links/utm/term"]);
}

#[tokio::test]
async fn a_visitor_lands_on_a_page_of_the_shop_and_nowhere_else() {
    let world = World::start().await;
    let program = world.program().await;
    let jane = world.join(&program, "jane", None).await;
    let slug = world.link(&program, &jane).await;
    let to = |page: &str| {
        let page: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
        format!("/r/{slug}?to={page}")
    };
    let page = landing(&world, &to("https://shop.acme.example/sandals?size=7&trb_click=forged#top")).await;
    assert_eq!((page.path(), page.fragment()), ("/sandals", Some("top")));
    assert_eq!(parameters(&page), [("size".to_owned(), "7".to_owned())]);
    let click = page.query_pairs().find(|(name, _)| name == "trb_click").unwrap().1.into_owned();
    world.sale(&program, "order-1", "100.00", &click).await;
    assert_eq!(world.amounts(&program, &[jane]).await, ["20.00"]);
    for elsewhere in [
        "",
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "https://shop.acme.example@evil.example/",
        "https://shop.acme.example:pw@evil.example/",
        "https://jane@shop.acme.example/",
        "https://shop.acme.example:8443/",
        "https://shop.acme.example\\@evil.example/",
        "https://evil.example\\@shop.acme.example/",
        "https://shop.acme.example.evil.example/",
        "https://shop\u{3002}acme\u{3002}example.evil.example/",
        "https://sh\u{43e}p.acme.example/",
        "https://shop.acme.example/\r\nset-cookie: a=b",
        "http://shop.acme.example/",
        "javascript:alert(1)",
    ] {
        let landed = landing(&world, &to(elsewhere)).await;
        assert_eq!(landed.as_str().split("&trb_click=").next(), Some(DESTINATION), "{elsewhere}");
    }
    let landed = landing(&world, &format!("/r/{slug}?to=%FF%FE&to=https://evil.example")).await;
    assert_eq!(landed.host_str(), Some("shop.acme.example"));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_a_cursor_by_nobody_else() {
    let world = World::start().await;
    let program = world.program().await;
    let jane = world.join(&program, "jane", None).await;
    world.join(&program, "john", None).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        world.wait(jiff::SignedDuration::from_secs(1));
        made.insert(0, world.link(&program, &jane).await);
    }
    let first = format!("/affiliate/links?program_id={}&limit=2", program.id);
    let (mut read, mut target) = (Vec::new(), first.clone());
    loop {
        let page = world.partner("jane", "GET", &target).expect(200).await;
        read.extend(
            page["data"].as_array().unwrap().iter().map(|link| link["slug"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        target = format!("{first}&cursor={next}");
        let stolen = world.partner("john", "GET", &target).send().await;
        let _ = stolen.problem(400, "invalid_cursor");
    }
    assert_eq!(read, made);
    let _ = world
        .partner("jane", "GET", &format!("{first}&cursor=abc"))
        .send()
        .await
        .problem(400, "invalid_cursor");
    for limit in ["0", "101", "x"] {
        let target = format!("/affiliate/links?program_id={}&limit={limit}", program.id);
        let _ = world.partner("jane", "GET", &target).send().await.problem(422, "validation_failed");
    }
}
