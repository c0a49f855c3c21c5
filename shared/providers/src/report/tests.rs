//! Every wrong field of a report is named, all of them at once.

use domain::id::PartnerId;

use super::*;

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn program_id() -> ProgramId {
    ProgramId::derive(&["p"])
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn read(body: &str) -> Result<Reported, Vec<Fault>> {
    let report: Report = serde_json::from_str(body).unwrap();
    let hash_email = |email: &str| format!("hash of {email}");
    report.into_fact(&Surroundings {
        program_id: &program_id(),
        currency: usd(),
        hash_email: &hash_email,
        occurred_at: now(),
        now: now(),
    })
}

fn charge(body: &str) -> Charge {
    let Fact::Charge(charge) = read(body).unwrap().fact else { panic!("no charge: {body}") };
    charge
}

fn id(body: &str) -> EventId {
    read(body).unwrap().event_id(&program_id())
}

#[track_caller]
fn wrong(body: &str, expected: &[(&str, &str)]) {
    let faults = read(body).unwrap_err();
    let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(found, expected, "{body}");
}

const SALE: &str = r#"{"type": "sale", "external_id": "order-1", "customer": {"id": "c"},
    "amount": {"amount": "120.00", "currency": "USD"}, "tax": {"amount": "20", "currency": "USD"}}"#;

const REFUND: &str = r#"{"type": "refund", "external_id": "order-1", "refund_id": "a",
    "amount": {"amount": "5", "currency": "USD"}}"#;

#[test]
fn a_sale_gets_the_time_it_came_with_and_nothing_for_what_it_leaves_out() {
    let sale = charge(SALE);
    assert_eq!((sale.occurred_at, sale.shipping.minor(), sale.tax.minor()), (now(), 0, 2000));
    assert_eq!(read(SALE).unwrap().source, DEFAULT_SOURCE);
}

#[test]
fn a_report_is_known_by_its_charge_or_refund_and_nothing_else() {
    let sale = id(SALE);
    for same in [SALE.replace("120.00", "60.00"), SALE.replace("sale", "renewal")] {
        assert_eq!(id(&same), sale);
    }
    assert_ne!(id(&SALE.replace("order-1", "order-2")), sale);
    assert_ne!(id(&sale_with(r#""source": "stripe""#)), sale);
    assert_eq!(id(&sale_with(r#""source": "api""#)), sale);
    assert!(id(REFUND) != sale && id(REFUND) != id(&REFUND.replace(r#""a""#, r#""b""#)));
}

#[test]
fn every_stage_of_a_refund_dispute_or_cancellation_is_a_fact_of_its_own() {
    let mut ids = vec![id(SALE)];
    for (kind, field, cause, stage) in [
        ("refund", "refund_id", RefundCause::Refund, RefundStage::Done),
        ("refund_failed", "refund_id", RefundCause::Refund, RefundStage::Void),
        ("dispute_opened", "dispute_id", RefundCause::Dispute, RefundStage::Open),
        ("dispute_lost", "dispute_id", RefundCause::Dispute, RefundStage::Done),
        ("dispute_won", "dispute_id", RefundCause::Dispute, RefundStage::Void),
        ("cancellation", "cancellation_id", RefundCause::Cancellation, RefundStage::Done),
        ("reinstatement", "cancellation_id", RefundCause::Cancellation, RefundStage::Void),
    ] {
        let body = REFUND.replace("refund_id", field).replace(r#""refund""#, &format!("\"{kind}\""));
        let reported = read(&body).unwrap();
        let Fact::Refund(refund) = &reported.fact else { panic!("no refund: {body}") };
        assert_eq!((refund.refund_id.as_str(), refund.cause, refund.stage), ("a", cause, stage));
        assert_eq!(refund.amount.map(Money::minor), Some(500));
        let other = if field == "refund_id" { "dispute_id" } else { "refund_id" };
        let faults = read(&body.replace(field, other)).unwrap_err();
        let mut found: Vec<_> = faults.iter().map(|fault| (fault.code, fault.pointer.clone())).collect();
        found.sort();
        assert_eq!(found, [("missing", format!("/{field}")), ("unknown", format!("/{other}"))]);
        ids.push(reported.event_id(&program_id()));
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn how_much_is_told_where_money_goes_back_and_may_be_told_elsewhere() {
    for (kind, field, is_needed) in [
        ("refund", "refund_id", true),
        ("refund_failed", "refund_id", false),
        ("dispute_opened", "dispute_id", false),
        ("dispute_lost", "dispute_id", true),
        ("dispute_won", "dispute_id", false),
        ("cancellation", "cancellation_id", false),
        ("reinstatement", "cancellation_id", false),
    ] {
        let body = format!(r#"{{"type": "{kind}", "external_id": "order-1", "{field}": "a"}}"#);
        if is_needed {
            wrong(&body, &[("/amount", "missing")]);
        } else {
            let Fact::Refund(refund) = read(&body).unwrap().fact else { panic!("no refund: {body}") };
            assert_eq!(refund.amount, None);
        }
        let told = |amount: &str| {
            let amount = format!(r#", "amount": {{"amount": "{amount}", "currency": "USD"}}}}"#);
            format!("{}{amount}", body.strip_suffix('}').unwrap())
        };
        wrong(&told("0"), &[("/amount", "out_of_range")]);
        wrong(&told("-5"), &[("/amount", "out_of_range")]);
        assert!(read(&told("0.01")).is_ok());
    }
}

#[test]
fn a_sale_of_nothing_is_one_and_below_zero_is_none() {
    let free = SALE.replace("120.00", "0.00").replace(r#""20""#, r#""0""#);
    assert_eq!(charge(&free).amount, Money::zero(usd()));
    let faults = read(&SALE.replace("120.00", "-120.00")).unwrap_err();
    assert_eq!((faults[0].pointer.as_str(), faults[0].code), ("/amount", "out_of_range"));
    assert!(faults[0].detail.ends_with("as a refund"), "{faults:?}");
}

#[test]
fn an_email_address_is_hashed() {
    let customer =
        charge(&SALE.replace(r#""id": "c""#, r#""id": "c", "email": "jane@example.org""#)).customer;
    assert_eq!(customer.unwrap().email_hash.as_deref(), Some("hash of jane@example.org"));
}

#[test]
fn each_type_has_its_own_fields() {
    wrong(r#"{"type": "sale", "external_id": "1"}"#, &[("/amount", "missing"), ("/customer", "missing")]);
    wrong(
        r#"{"type": "lead", "external_id": "1", "customer": {"id": "c"}, "amount": {"amount": "1", "currency": "USD"}}"#,
        &[("/amount", "unknown")],
    );
    wrong(
        r#"{"type": "refund", "external_id": "1", "country": "DE"}"#,
        &[("/amount", "missing"), ("/refund_id", "missing"), ("/country", "unknown")],
    );
}

#[test]
fn amounts_are_of_one_currency_and_fit_together() {
    wrong(&SALE.replacen("USD", "EUR", 1), &[("/tax/currency", "wrong_currency")]);
    wrong(&SALE.replace(r#""20""#, r#""-1""#), &[("/tax", "out_of_range")]);
    wrong(&SALE.replace(r#""20""#, r#""120.01""#), &[("/amount", "parts_exceed_amount")]);
    wrong(
        r#"{"type": "refund", "external_id": "1", "refund_id": "r", "amount": {"amount": "0", "currency": "USD"}}"#,
        &[("/amount", "out_of_range")],
    );
}

#[test]
fn a_sale_may_be_in_any_currency_and_a_lead_is_in_that_of_the_program() {
    let sale = charge(&SALE.replace("USD", "JPY").replace("120.00", "120"));
    assert!(sale.shipping == Money::zero("JPY".parse().unwrap()), "what is left out follows the amount");
    let lead = charge(r#"{"type": "lead", "external_id": "1", "customer": {"id": "c"}, "coupon": "VIP"}"#);
    assert_eq!((lead.amount, lead.coupon.as_deref()), (Money::zero(usd()), Some("VIP")));
}

#[test]
fn the_clicks_are_the_cookie_as_it_is() {
    let click = |entropy: u8| {
        let link = domain::id::LinkId::derive(&["l"]);
        domain::click::ClickId::issue(b"key", &program_id(), &link, Timestamp::UNIX_EPOCH, [entropy; 10])
    };
    for trail in [click(1).to_string(), format!("{}-{}", click(1), click(2))] {
        let sale = charge(&sale_with(&format!(r#""click_id": "{trail}""#)));
        assert_eq!(sale.clicks.map(String::from), Some(trail));
    }
}

/// A sale of 120 USD with 20 USD tax and further fields.
fn sale_with(more: &str) -> String {
    let sale = SALE.strip_suffix('}').unwrap();
    format!("{sale}, {more}}}")
}

#[test]
fn the_lines_of_a_sale_are_all_of_it() {
    let body = sale_with(
        r#""lines": [{"product": "boots", "quantity": 2, "amount": {"amount": "96", "currency": "USD"}, "tax": {"amount": "16", "currency": "USD"}},
            {"product": "socks", "amount": {"amount": "24", "currency": "USD"}, "tax": {"amount": "4", "currency": "USD"}}]"#,
    );
    let sale = charge(&body);
    let lines: Vec<_> = sale.lines.iter().map(|line| (line.product.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("boots", 2), ("socks", 1)]);
    wrong(&body.replace(r#""96""#, r#""95""#), &[("/lines", "lines_differ")]);
    wrong(&body.replace(r#""4""#, r#""5""#), &[("/lines", "lines_differ")]);
    wrong(&sale_with(r#""lines": []"#), &[("/lines", "out_of_range")]);
}

#[test]
fn every_wrong_part_of_a_line_is_named() {
    wrong(
        &sale_with(
            r#""lines": [{"product": "a", "amount": {"amount": "120", "currency": "USD"}, "tax": {"amount": "120.01", "currency": "USD"}},
                {"product": "", "quantity": 0, "amount": {"amount": "-1", "currency": "USD"}},
                {"product": "c", "amount": {"amount": "1", "currency": "EUR"}, "discount": {"amount": "-1", "currency": "USD"}}]"#,
        ),
        &[
            ("/lines/0/tax", "parts_exceed_amount"),
            ("/lines/1/product", "invalid_length"),
            ("/lines/1/quantity", "out_of_range"),
            ("/lines/1/amount", "out_of_range"),
            ("/lines/2/amount/currency", "wrong_currency"),
            ("/lines/2/discount", "out_of_range"),
        ],
    );
}

#[test]
fn partners_who_share_a_sale_share_all_of_it() {
    let (ann, bob) = (PartnerId::derive(&["ann"]), PartnerId::derive(&["bob"]));
    let splits = |one: &str, other: &PartnerId, weight: &str| {
        sale_with(&format!(
            r#""splits": [{{"partner_id": "{ann}", "weight": "{one}"}}, {{"partner_id": "{other}", "weight": "{weight}"}}]"#
        ))
    };
    assert_eq!(charge(&splits("0.6", &bob, "0.4")).splits.len(), 2);
    wrong(&splits("0.6", &bob, "0.3"), &[("/splits", "weights_differ")]);
    wrong(&splits("1", &bob, "0"), &[("/splits/1/weight", "out_of_range")]);
    wrong(&splits("0.5", &ann, "0.5"), &[("/splits/1/partner_id", "duplicate")]);
    wrong(&sale_with(r#""splits": []"#), &[("/splits", "out_of_range")]);
}

#[test]
fn a_refund_knows_nothing_of_what_was_bought() {
    wrong(
        r#"{"type": "refund", "external_id": "1", "refund_id": "r", "amount": {"amount": "1", "currency": "EUR"},
            "coupon": "VIP", "lines": [], "splits": []}"#,
        &[
            ("/coupon", "unknown"),
            ("/lines", "unknown"),
            ("/splits", "unknown"),
            ("/lines", "out_of_range"),
            ("/splits", "out_of_range"),
        ],
    );
    wrong(
        r#"{"type": "lead", "external_id": "1", "customer": {"id": "c"},
            "coupon": "", "lines": [{"product": "a", "amount": {"amount": "0", "currency": "USD"}}]}"#,
        &[("/lines", "unknown"), ("/coupon", "invalid_length")],
    );
}

#[test]
fn every_wrong_field_is_named_at_once() {
    wrong(
        r#"{"type": "lead", "source": "My Shop", "external_id": "", "occurred_at": "2026-11-22T12:05:01Z",
            "customer": {"id": "", "email": "jane"}, "country": "de", "aliases": ["a", "a"], "metadata": {"": "x"}}"#,
        &[
            ("/source", "invalid_name"),
            ("/external_id", "invalid_length"),
            ("/occurred_at", "in_the_future"),
            ("/customer/id", "invalid_length"),
            ("/customer/email", "invalid"),
            ("/country", "invalid"),
            ("/aliases", "duplicate"),
            ("/metadata", "invalid_length"),
        ],
    );
}
