//! Sales in another currency than the program's: priced by the rate of their day, however late
//! that is published.

use serde_json::{Value, json};
use tests::{
    Delivery, World,
    audit::Ledger,
    request::Reply,
    story::{Partner, Program, refund, sale, text},
};

const RATES: &str = "/admin/exchange-rates";

fn in_euros(mut fact: Value) -> Value {
    fact["amount"]["currency"] = json!("EUR");
    fact
}

/// A rate of the day on which every world begins.
fn rate(rate: &str) -> Value {
    json!({ "from": "EUR", "to": "USD", "day": "2026-11-02", "rate": rate, "source": "ECB" })
}

async fn publish(world: &World, rates: &[Value]) -> Reply {
    world.admin("POST", RATES).json(&json!({ "rates": rates })).send().await
}

async fn missing(world: &World) -> Vec<Value> {
    let page = world.admin("GET", &format!("{RATES}/missing")).expect(200).await;
    page["data"].as_array().unwrap().clone()
}

async fn report(world: &World, program: &Program, fact: Value) {
    world.conversion(program, &in_euros(fact)).expect(202).await;
    world.drain().await;
}

/// What was earned by each sale and what is left of it, the latest sale first.
async fn earned(world: &World, program: &Program, partner: &Partner) -> Vec<(String, String)> {
    let lines = world.commissions(program, partner).await;
    assert!(lines.iter().all(|line| line["amount"]["currency"] == "USD"), "{lines:#?}");
    lines.iter().map(|line| (text(&line["earned"]["amount"]), text(&line["amount"]["amount"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(earned, left)| ((*earned).to_owned(), (*left).to_owned())).collect()
}

async fn one_seller() -> (World, Program, Partner, String) {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    (world, program, kid, click)
}

#[tokio::test]
async fn a_sale_waits_for_the_rate_of_its_day_and_keeps_it() {
    let (world, program, kid, click) = one_seller().await;
    report(&world, &program, sale("order-1", "100.00", Some(&click))).await;
    assert_eq!(earned(&world, &program, &kid).await, []);
    let since = world.now();
    let noted = json!({ "from": "EUR", "to": "USD", "day": "2026-11-02", "since": since });
    assert_eq!(missing(&world).await, std::slice::from_ref(&noted));
    world.wait(jiff::SignedDuration::from_mins(1));
    report(&world, &program, refund("order-1", "refund-1", "40.00")).await;
    assert_eq!(earned(&world, &program, &kid).await, []);
    assert_eq!(missing(&world).await, [noted], "since the first of what waits");
    world.audit().await;

    let published = publish(&world, &[rate("1.0825")]).await;
    assert_eq!((published.status, &published.body["rates"][0]["rate"]), (201, &json!("1.0825")));
    let list = published.header("location").unwrap().to_owned();
    world.drain().await;
    assert_eq!(earned(&world, &program, &kid).await, pairs(&[("21.65", "12.99")]));
    assert_eq!(missing(&world).await, [] as [Value; 0]);
    assert_eq!(world.admin("GET", &list).expect(200).await["data"], json!([rate("1.0825")]));
    let ledger = world.audit().await;

    // The same again changes nothing, another one is refused.
    assert_eq!(publish(&world, &[rate("1.08250")]).await.status, 201);
    let tomorrow =
        json!({ "from": "EUR", "to": "USD", "day": "2026-11-03", "rate": "1.09", "source": "ECB" });
    let refused = publish(&world, &[tomorrow, rate("1.0826")]).await.problem(409, "conflict");
    let detail = text(&refused.body["detail"]);
    assert!(detail.starts_with("/rates/1: EUR to USD on 2026-11-02 was published as 1.0825"), "{detail}");
    assert_eq!(world.admin("GET", &list).expect(200).await["data"], json!([rate("1.0825")]));
    assert_eq!(world.audit().await, ledger);

    // Sales of a day whose rate is known are priced at once, and refunds by the rate of the sale.
    world.wait(jiff::SignedDuration::from_mins(1));
    report(&world, &program, sale("order-2", "200.00", Some(&click))).await;
    let priced = [("43.30", "43.30"), ("21.65", "12.99")];
    assert_eq!(earned(&world, &program, &kid).await, pairs(&priced));
    world.days(3).await;
    report(&world, &program, refund("order-2", "refund-2", "20.00")).await;
    report(&world, &program, refund("order-1", "refund-3", "60.00")).await;
    let refunded = [("43.30", "38.97"), ("21.65", "0.00")];
    assert_eq!(earned(&world, &program, &kid).await, pairs(&refunded));
    world.audit().await;
}

#[tokio::test]
async fn a_refund_after_maturity_is_debt_in_the_programs_currency() {
    let (world, program, kid, click) = one_seller().await;
    assert_eq!(publish(&world, &[rate("1.0825")]).await.status, 201);
    report(&world, &program, sale("order-1", "100.00", Some(&click))).await;
    world.days(31).await;
    let available = |eligibility: &Value| eligibility["available"].clone();
    let usd = |amount| json!({ "amount": amount, "currency": "USD" });
    assert_eq!(available(&world.eligibility(&program, &kid).await), usd("21.65"));
    report(&world, &program, refund("order-1", "refund-1", "40.00")).await;
    assert_eq!(available(&world.eligibility(&program, &kid).await), usd("12.99"));
    world.audit().await;
}

#[tokio::test]
async fn many_sales_wait_and_all_are_priced() {
    let (world, program, kid, click) = one_seller().await;
    for number in 0..60 {
        let fact = in_euros(sale(&format!("order-{number}"), "10.00", Some(&click)));
        world.conversion(&program, &fact).expect(202).await;
    }
    world.drain().await;
    assert_eq!(publish(&world, &[rate("1.5")]).await.status, 201);
    world.drain().await;
    assert_eq!(earned(&world, &program, &kid).await, pairs(&[("3.00", "3.00"); 60]));
    world.audit().await;
}

#[tokio::test]
async fn a_rate_that_nobody_heard_of_is_told_later() {
    let (world, program, kid, click) = one_seller().await;
    report(&world, &program, sale("order-1", "100.00", Some(&click))).await;
    assert_eq!(publish(&world, &[rate("1.0825")]).await.status, 201);
    world.pump.lose_stream(&world).await;
    world.drain().await;
    assert_eq!(earned(&world, &program, &kid).await, []);
    world.settle().await;
    assert_eq!(earned(&world, &program, &kid).await, pairs(&[("21.65", "21.65")]));
    world.audit().await;
}

/// Sales and refunds in euros around the publication of their rate, delivered in any order; with
/// `faults` the workers' calls to the table fail now and then.
async fn story(delivery: Delivery, faults: bool) -> Ledger {
    let (world, program, _, click) = one_seller().await;
    world.misbehave(delivery);
    let conversion = async |fact: Value| world.conversion(&program, &in_euros(fact)).expect(202).await;
    let deliver = async || {
        world.breaches.set_faults(faults.then_some(delivery.seed));
        world.settle().await;
        world.breaches.set_faults(None);
    };
    conversion(refund("order-1", "early", "30.00")).await;
    for (order, amount) in [("order-1", "100.00"), ("order-2", "59.99"), ("order-3", "33.33")] {
        conversion(sale(order, amount, Some(&click))).await;
    }
    deliver().await;
    conversion(refund("order-2", "waiting", "9.99")).await;
    conversion(sale("order-4", "10.00", Some(&click))).await;
    assert_eq!(publish(&world, &[rate("1.0825")]).await.status, 201);
    deliver().await;
    conversion(refund("order-3", "late", "33.33")).await;
    conversion(sale("order-5", "20.00", Some(&click))).await;
    deliver().await;
    world.settle().await;
    world.audit().await
}

#[tokio::test]
async fn however_deliveries_go_wrong_every_sale_is_priced_once() {
    let ordered = story(Delivery::default(), false).await;
    assert_eq!(ordered.commissions.len(), 5);
    for seed in 1..=4 {
        let (twice, delayed) = (seed % 2 == 0, seed % 3 == 0);
        let delivery = Delivery { seed, twice, shuffled: true, delayed };
        assert_eq!(story(delivery, seed > 2).await, ordered, "{delivery:?}");
    }
}

#[tokio::test]
async fn a_sale_that_nobody_brought_waits_for_nothing() {
    let (world, program, kid, _) = one_seller().await;
    report(&world, &program, sale("order-1", "100.00", None)).await;
    assert_eq!(missing(&world).await, [] as [Value; 0]);
    assert_eq!(earned(&world, &program, &kid).await, []);
    world.audit().await;
}

#[tokio::test]
async fn rates_that_cannot_be_are_refused_with_everything_wrong_in_them() {
    let world = World::start().await;
    let with = |name: &str, value: Value| {
        let mut rate = rate("1.0825");
        rate[name] = value;
        rate
    };
    let rates = [
        rate("1.0825"),
        with("to", json!("EUR")),
        with("rate", json!("2")),
        with("day", json!("2026-11-04")),
        with("source", json!(" ")),
        with("source", json!("x".repeat(41))),
    ];
    let reply = publish(&world, &rates).await.problem(422, "validation_failed");
    let mut faults = reply.faults();
    faults.retain(|(pointer, _)| pointer != "/rates/4" && pointer != "/rates/5");
    let expected = [
        ("/rates/1/to", "same_currency"),
        ("/rates/2", "duplicate"),
        ("/rates/3/day", "out_of_range"),
        ("/rates/4/source", "invalid_length"),
        ("/rates/5/source", "invalid_length"),
    ];
    assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    for (name, value) in
        [("rate", json!("0")), ("rate", json!(1.5)), ("from", json!("XXX")), ("day", json!("2026"))]
    {
        let reply = publish(&world, &[with(name, value)]).await.problem(422, "validation_failed");
        assert_eq!(reply.faults()[0].0, format!("/rates/0/{name}"), "{}", reply.text);
    }
    let _ = publish(&world, &[]).await.problem(422, "validation_failed");
    let many: Vec<_> =
        (1..=51).map(|n| with("day", json!(format!("2025-{:02}-{:02}", n / 28 + 1, n % 28 + 1)))).collect();
    let _ = publish(&world, &many).await.problem(422, "validation_failed");
    assert_eq!(publish(&world, &many[..50]).await.status, 201);
    let last = many[49..50].to_vec();
    let first = world.admin("GET", &format!("{RATES}?from=EUR&to=USD&limit=1")).expect(200).await;
    assert_eq!(first["data"], json!(last), "the newest first");
    let _ = world.admin("GET", RATES).send().await.problem(422, "validation_failed");
    assert_eq!(
        publish(&world, &[with("day", json!("2026-11-03"))]).await.status,
        201,
        "somewhere it is tomorrow"
    );
}
