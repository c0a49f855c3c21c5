//! The password, and whole events as Chargebee documents them.

use data_encoding::BASE64;
use domain::conversion::{Charge, ConversionKind, LineItem, Refund, RefundCause, RefundStage};
use http::HeaderMap;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::ChargebeeWebhooks;
use crate::webhook::{
    Content, Delivery,
    InvalidSignature::{self, Malformed, Mismatch, Missing},
    Received, Unreadable, WebhookSender,
    testing::{self, BODY, TIME, assert_impersonal, at, click, customer, headers, money},
};

const PAID: &str = include_str!("../../fixtures/chargebee/payment_succeeded.json");
const RENEWED: &str = include_str!("../../fixtures/chargebee/subscription_renewed.json");
const GENERATED: &str = include_str!("../../fixtures/chargebee/invoice_generated.json");
const REFUNDED: &str = include_str!("../../fixtures/chargebee/payment_refunded.json");
const CHARGEBACK: &str = include_str!("../../fixtures/chargebee/payment_refunded.chargeback.json");
const NOTE: &str = include_str!("../../fixtures/chargebee/credit_note_created.json");
const ALL: [&str; 6] = [PAID, RENEWED, GENERATED, REFUNDED, CHARGEBACK, NOTE];
const SECRET: &[u8] = b"tributary:0123456789abcdef";

fn check(secrets: &[&[u8]], value: &str) -> Result<(), InvalidSignature> {
    testing::verify(&ChargebeeWebhooks, secrets, &headers(&[("authorization", value)]), BODY, TIME)
}

fn basic(credentials: &[u8]) -> String {
    format!("Basic {}", BASE64.encode(credentials))
}

fn read(body: &str) -> Result<Received, Unreadable> {
    testing::read(&ChargebeeWebhooks, &HeaderMap::new(), body.as_bytes())
}

fn charge(event: &str) -> (String, Charge) {
    testing::charge_of(read(event).unwrap())
}

fn back(event: &str) -> Vec<(String, Refund)> {
    testing::refunds_of(read(event).unwrap())
}

fn with(event: &str, object: &str, changes: &Value) -> String {
    testing::with(event, &format!("/content/{object}"), changes)
}

fn of_type(event: &str, kind: &str) -> String {
    testing::with(event, "", &json!({"event_type": kind}))
}

fn ignored(event: &str) -> bool {
    read(event).unwrap().content == Content::Ignored
}

#[test]
fn any_live_password_fits_and_an_empty_one_never() {
    assert_eq!(check(&[SECRET], "Basic dHJpYnV0YXJ5OjAxMjM0NTY3ODlhYmNkZWY="), Ok(()));
    for secrets in [[b"a:old".as_slice(), SECRET], [SECRET, b"a:old"], [b"", SECRET]] {
        assert_eq!(check(&secrets, &basic(SECRET)), Ok(()));
    }
    assert_eq!(check(&[SECRET], &basic(SECRET).replace("Basic", "basic")), Ok(()));
    for secrets in [&[][..], &[b"".as_slice()], &[b"a:old"]] {
        assert_eq!(check(secrets, &basic(SECRET)), Err(Mismatch));
    }
    assert_eq!(check(&[b""], "Basic "), Err(Mismatch));
}

#[test]
fn anything_else_is_refused() {
    for wrong in [
        b"tributary:0123456789abcdeg".as_slice(),
        b"tributary:0123456789abcde",
        b"tributary:0123456789abcdef ",
        b"Tributary:0123456789abcdef",
        b"tributary",
        b":",
        b"\xff",
    ] {
        assert_eq!(check(&[SECRET], &basic(wrong)), Err(Mismatch));
    }
    for value in ["", "Basic", "Bearer dHJp", "Basic !", "Basic dHJpYnV0YXJ5OjAxMjM0NTY3ODlhYmNkZWY", "dHJp"]
    {
        assert_eq!(check(&[SECRET], value), Err(Malformed), "{value}");
    }
    let verify = |headers: &HeaderMap| testing::verify(&ChargebeeWebhooks, &[SECRET], headers, BODY, TIME);
    assert_eq!(verify(&HeaderMap::new()), Err(Missing));
    let mut twice = headers(&[("authorization", &basic(SECRET))]);
    twice.append("authorization", basic(SECRET).parse().unwrap());
    assert_eq!(verify(&twice), Err(Missing));
}

#[test]
fn a_secret_is_a_user_and_a_password_that_is_not_guessed() {
    for (secret, fits) in [
        ("tributary:0123456789abcdef", true),
        ("tributary:0123456789abc:def", true),
        ("tributary:0123456789abcde", false),
        (":0123456789abcdef", false),
        ("0123456789abcdef", false),
        ("tributary:0123456789abcdef ", false),
        ("", false),
    ] {
        assert_eq!(ChargebeeWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}

#[test]
fn a_paid_invoice_is_the_charge() {
    let (external_id, charge) = charge(PAID);
    assert_eq!(external_id, "INV-1042");
    let eur = |text| money(text, "EUR");
    let expected = Charge {
        kind: ConversionKind::Sale,
        occurred_at: at(1_795_348_801),
        amount: eur("28.56"),
        tax: eur("4.56"),
        shipping: eur("0"),
        discount: eur("6.00"),
        customer: customer("AzZlGCSqNfzXR2bF", Some("jane.doe@example.com")),
        clicks: click(),
        country: Some("DE".into()),
        coupon: Some("SPRING20".into()),
        lines: vec![LineItem {
            product: "pro-EUR-Monthly".into(),
            quantity: 1,
            amount: eur("28.56"),
            tax: Some(eur("4.56")),
            discount: Some(eur("6.00")),
        }],
        splits: vec![],
        aliases: vec![],
        metadata: [("plan".to_owned(), "pro".to_owned())].into(),
    };
    assert_eq!(charge, expected);
}

#[test]
fn every_event_that_shows_the_invoice_paid_tells_the_same() {
    for kind in ["invoice_generated", "invoice_updated", "subscription_renewed"] {
        assert_eq!(charge(&of_type(PAID, kind)), charge(PAID));
    }
    assert!(ignored(GENERATED));
    for status in ["posted", "payment_due", "not_paid", "voided", "pending"] {
        assert!(ignored(&with(PAID, "invoice", &json!({"status": status}))));
    }
    assert!(ignored(&testing::with(RENEWED, "/content", &json!({"invoice": null}))));
}

#[test]
fn the_first_invoice_is_a_sale_and_the_next_a_renewal() {
    let (external_id, renewal) = charge(RENEWED);
    assert_eq!((external_id.as_str(), renewal.kind), ("INV-1077", ConversionKind::Renewal));
    assert_eq!((renewal.amount, renewal.coupon), (money("35.70", "EUR"), None));
    for (changes, kind) in [
        (json!({"recurring": false, "first_invoice": null}), ConversionKind::Sale),
        (json!({"recurring": true, "first_invoice": true}), ConversionKind::Sale),
        (json!({"recurring": true, "first_invoice": null}), ConversionKind::Renewal),
    ] {
        assert_eq!(charge(&with(RENEWED, "invoice", &changes)).1.kind, kind);
    }
}

#[test]
fn what_credits_paid_does_not_count_again() {
    for (paid, total, amount, tax) in
        [(1428, 2856, "14.28", "2.28"), (0, 2856, "0", "0"), (0, 0, "0", "0"), (9999, 2856, "28.56", "4.56")]
    {
        let event = with(PAID, "invoice", &json!({"amount_paid": paid, "total": total}));
        let (_, charge) = charge(&event);
        assert_eq!(
            (charge.amount, charge.tax),
            (money(amount, "EUR"), money(tax, "EUR")),
            "{paid} of {total}"
        );
        assert_eq!(charge.lines.is_empty(), amount != "28.56");
    }
}

#[test]
fn lines_that_are_not_all_of_the_charge_are_left_out() {
    let line = |changes| charge(&testing::with(PAID, "/content/invoice/line_items/0", &changes)).1.lines;
    for changes in
        [json!({"entity_id": null}), json!({"amount": -1}), json!({"quantity": "x"}), json!({"amount": 2000})]
    {
        assert_eq!(line(changes), []);
    }
    assert_eq!(charge(&with(PAID, "invoice", &json!({"line_items_next_offset": "1"}))).1.lines, []);
    let inclusive = json!({"price_type": "tax_inclusive", "total": 2400, "amount_paid": 2400, "tax": 456});
    let (_, charge) = charge(&with(PAID, "invoice", &inclusive));
    assert_eq!((charge.lines[0].amount, charge.tax), (money("24.00", "EUR"), money("4.56", "EUR")));
}

#[test]
fn labels_are_read_where_a_merchant_may_put_them() {
    let none = with(PAID, "subscription", &json!({"meta_data": null}));
    assert_eq!(charge(&none).1.clicks, None);
    for (object, changes) in [
        ("subscription", json!({"cf_trb_click": testing::CLICK})),
        ("customer", json!({"meta_data": {"trb_click": testing::CLICK}})),
        ("customer", json!({"cf_trb_click": testing::CLICK})),
        ("invoice", json!({"cf_trb_click": testing::CLICK})),
    ] {
        assert_eq!(charge(&with(&none, object, &changes)).1.clicks, click());
    }
    let said = with(PAID, "customer", &json!({"cf_trb_coupon": "ANNA10"}));
    assert_eq!(charge(&said).1.coupon.as_deref(), Some("ANNA10"));
    let set = testing::with(PAID, "/content/invoice/discounts/0", &json!({"coupon_set_code": "ANNA-77"}));
    assert_eq!(charge(&set).1.coupon.as_deref(), Some("ANNA-77"));
    let credits = json!({"entity_type": "promotional_credits"});
    assert_eq!(charge(&testing::with(PAID, "/content/invoice/discounts/0", &credits)).1.coupon, None);
}

fn refund(id: &str, cause: RefundCause, amount: &str, second: i64) -> Refund {
    Refund {
        refund_id: id.into(),
        cause,
        stage: RefundStage::Done,
        amount: Some(money(amount, "EUR")),
        occurred_at: at(second),
    }
}

#[test]
fn a_refund_is_told_by_its_transaction_and_not_by_the_credit_note() {
    let expected = refund("txn_AzZlGCSqNfzXR2bM", RefundCause::Refund, "10.00", 1_795_435_200);
    assert_eq!(back(REFUNDED), [("INV-1042".to_owned(), expected.clone())]);
    assert!(ignored(NOTE));
    let alone = with(REFUNDED, "transaction", &json!({"linked_credit_notes": []}));
    assert_eq!(back(&alone), [("INV-1042".to_owned(), expected)]);
    let note = |invoice: &str, amount| json!({"cn_reference_invoice_id": invoice, "applied_amount": amount});
    let several = json!({"linked_credit_notes": [note("a", 100), note("b", 200), note("a", 50)]});
    let several = back(&with(REFUNDED, "transaction", &several));
    let amounts: Vec<_> = several.iter().map(|(id, refund)| (id.as_str(), refund.amount.unwrap())).collect();
    assert_eq!(amounts, [("a", money("1.50", "EUR")), ("b", money("2.00", "EUR"))]);
}

#[test]
fn what_was_paid_beyond_any_invoice_goes_back_unnoticed() {
    let event = testing::with(REFUNDED, "/content", &json!({"invoice": null, "credit_note": null}));
    assert!(ignored(&with(&event, "transaction", &json!({"linked_credit_notes": []}))));
    assert!(ignored(&of_type(PAID, "transaction_created")));
}

#[test]
fn a_chargeback_is_a_dispute_that_took_the_money_whichever_event_tells_it() {
    let expected = refund("txn_AzZlGCSqNfzXR2bO", RefundCause::Dispute, "18.56", 1_795_608_000);
    let bare = |event: &str| testing::with(event, "/content", &json!({"invoice": null, "credit_note": null}));
    for event in [CHARGEBACK.to_owned(), of_type(&bare(CHARGEBACK), "transaction_updated")] {
        assert_eq!(back(&event), [("INV-1042".to_owned(), expected.clone())]);
    }
    let by_reason = with(CHARGEBACK, "transaction", &json!({"payment_method": "card"}));
    assert_eq!(back(&by_reason)[0].1.cause, RefundCause::Dispute);
    let by_note = with(&by_reason, "transaction", &json!({"linked_credit_notes": []}));
    assert_eq!(back(&by_note)[0].1.cause, RefundCause::Dispute);
}

#[test]
fn a_refund_that_failed_or_was_deleted_is_void_and_one_under_way_says_nothing() {
    for event in [
        with(REFUNDED, "transaction", &json!({"status": "voided"})),
        with(REFUNDED, "transaction", &json!({"status": "failure"})),
        with(REFUNDED, "transaction", &json!({"status": "late_failure"})),
        with(REFUNDED, "transaction", &json!({"deleted": true})),
        of_type(REFUNDED, "transaction_deleted"),
    ] {
        assert_eq!(back(&event)[0].1.stage, RefundStage::Void);
    }
    for status in ["in_progress", "timeout", "needs_attention"] {
        assert!(ignored(&with(REFUNDED, "transaction", &json!({"status": status}))));
    }
}

#[test]
fn a_payment_that_its_bank_takes_back_names_its_invoice_or_is_left_to_a_person() {
    let reversal = |linked: Value| {
        let changes =
            json!({"type": "payment_reversal", "linked_credit_notes": [], "linked_invoices": linked});
        of_type(&with(REFUNDED, "transaction", &changes), "transaction_created")
    };
    let told = back(&reversal(json!([{"invoice_id": "INV-1042", "applied_amount": 2856}])));
    assert_eq!((told[0].0.as_str(), told[0].1.amount), ("INV-1042", Some(money("28.56", "EUR"))));
    let expected =
        Unreadable::Object { kind: "transaction_created".into(), at: "transaction.linked_invoices".into() };
    assert_eq!(read(&reversal(json!([]))), Err(expected));
}

#[test]
fn what_cannot_be_read_names_its_place_and_no_value() {
    assert_eq!(read("x"), Err(Unreadable::NotJson));
    assert_eq!(read("{}"), Err(Unreadable::NotAnEvent { at: "the body itself".into() }));
    let timeless = testing::with(PAID, "", &json!({"occurred_at": i64::MAX}));
    assert_eq!(read(&timeless), Err(Unreadable::NotAnEvent { at: "occurred_at".into() }));
    for (changes, place) in [
        (json!({"id": 7}), "invoice.id"),
        (json!({"amount_paid": null}), "invoice.amount_paid"),
        (json!({"amount_paid": "jane"}), "invoice.amount_paid"),
    ] {
        let expected = Unreadable::Object { kind: "payment_succeeded".into(), at: place.into() };
        assert_eq!(read(&with(PAID, "invoice", &changes)), Err(expected));
    }
    for changes in [json!({"currency_code": "XXY"}), json!({"tax": 5000}), json!({"tax": -1})] {
        assert!(matches!(read(&with(PAID, "invoice", &changes)), Err(Unreadable::Amount { .. })));
    }
}

#[test]
fn an_event_of_another_type_is_ignored_with_its_id_and_time_kept() {
    let received = read(&of_type(PAID, "customer_created")).unwrap();
    assert_eq!((received.occurred_at, received.content), (at(1_795_348_802), Content::Ignored));
    let delivery = Delivery { headers: &HeaderMap::new(), body: PAID.as_bytes() };
    assert_eq!(ChargebeeWebhooks.event_id(&delivery).as_deref(), Some("ev_AzZlGCSqNfzXR2bJ"));
    assert_eq!(received.event_id, "ev_AzZlGCSqNfzXR2bJ");
}

#[test]
fn no_personal_data_comes_out_of_any_event() {
    for event in ALL {
        assert_impersonal(&read(event).unwrap());
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_pass(value in "[ -~]{0,200}") {
        prop_assert!(check(&[SECRET], &value).is_err());
    }

    #[test]
    fn no_event_makes_it_panic(
        event in select(ALL.to_vec()),
        cut in 0_usize..9000,
        (object, name) in select(PLACES.to_vec()),
        value in prop_oneof![
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            any::<i64>().prop_map(|number| json!([number])),
            any::<i64>().prop_map(|number| json!({"amount": number})),
        ],
        body: Vec<u8>,
    ) {
        let _ = testing::read(&ChargebeeWebhooks, &HeaderMap::new(), &body);
        let _ = read(event.get(..cut.min(event.len())).unwrap_or_default());
        let _ = read(&testing::with(event, "/content", &json!({name: value})));
        for event in [PAID, REFUNDED] {
            let _ = read(&with(event, object, &json!({name: value})));
        }
    }
}

/// What is read of an event.
const PLACES: [(&str, &str); 15] = [
    ("invoice", "invoice"),
    ("transaction", "transaction"),
    ("invoice", "amount_paid"),
    ("invoice", "total"),
    ("invoice", "tax"),
    ("invoice", "paid_at"),
    ("invoice", "discounts"),
    ("invoice", "line_items"),
    ("invoice", "currency_code"),
    ("customer", "meta_data"),
    ("subscription", "subscription"),
    ("transaction", "amount"),
    ("transaction", "date"),
    ("transaction", "status"),
    ("transaction", "linked_credit_notes"),
];
