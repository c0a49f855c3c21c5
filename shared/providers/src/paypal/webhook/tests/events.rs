//! Whole events, as PayPal documents them, and what becomes of them.

use domain::conversion::{Charge, ConversionKind, Fact, Referral, Refund, RefundCause, RefundStage};
use http::HeaderMap;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    paypal::PaypalWebhooks,
    webhook::{
        Content, Delivery, ExternalFact, Received, Unreadable, WebhookSender,
        testing::{self, CLICK, assert_impersonal, at, click, customer, money},
    },
};

const CAPTURE: &str = include_str!("../../../../fixtures/paypal/PAYMENT.CAPTURE.COMPLETED.json");
const ORDER: &str = include_str!("../../../../fixtures/paypal/CHECKOUT.ORDER.COMPLETED.json");
const REFUNDED: &str = include_str!("../../../../fixtures/paypal/PAYMENT.CAPTURE.REFUNDED.json");
const REVERSED: &str = include_str!("../../../../fixtures/paypal/PAYMENT.CAPTURE.REVERSED.json");
const SALE: &str = include_str!("../../../../fixtures/paypal/PAYMENT.SALE.COMPLETED.json");
const SUBSCRIPTION: &str = include_str!("../../../../fixtures/paypal/BILLING.SUBSCRIPTION.ACTIVATED.json");
const SALE_REFUNDED: &str = include_str!("../../../../fixtures/paypal/PAYMENT.SALE.REFUNDED.json");
const SALE_REVERSED: &str = include_str!("../../../../fixtures/paypal/PAYMENT.SALE.REVERSED.json");
const OPENED: &str = include_str!("../../../../fixtures/paypal/CUSTOMER.DISPUTE.CREATED.json");
const RESOLVED: &str = include_str!("../../../../fixtures/paypal/CUSTOMER.DISPUTE.RESOLVED.json");
const ALL: [&str; 10] =
    [CAPTURE, ORDER, REFUNDED, REVERSED, SALE, SUBSCRIPTION, SALE_REFUNDED, SALE_REVERSED, OPENED, RESOLVED];

/// 2026-11-22T12:00:00Z
const TIME: i64 = 1_795_348_800;
const DAY: i64 = 86_400;

fn read(body: &str) -> Result<Received, Unreadable> {
    testing::read(&PaypalWebhooks, &HeaderMap::new(), body.as_bytes())
}

fn facts(event: &str) -> Vec<ExternalFact> {
    testing::facts_of(read(event).unwrap())
}

fn charge(event: &str) -> (String, Charge) {
    testing::charge_of(read(event).unwrap())
}

fn back(event: &str) -> Vec<(String, Refund)> {
    testing::refunds_of(read(event).unwrap())
}

fn with(event: &str, changes: Value) -> String {
    testing::with(event, "/resource", &changes)
}

fn of_type(event: &str, kind: &str) -> String {
    testing::with(event, "", &json!({"event_type": kind}))
}

fn ignored(event: &str) -> bool {
    read(event).unwrap().content == Content::Ignored
}

fn refund(id: &str, amount: &str, currency: &str, second: i64) -> Refund {
    Refund {
        refund_id: id.into(),
        cause: RefundCause::Refund,
        stage: RefundStage::Done,
        amount: Some(money(amount, currency)),
        occurred_at: at(second),
    }
}

#[test]
fn a_capture_is_a_sale_under_its_own_id() {
    let (external_id, charge) = charge(CAPTURE);
    assert_eq!(external_id, "42311647XV020574X");
    let zero = money("0", "EUR");
    let expected = Charge {
        kind: ConversionKind::Sale,
        occurred_at: at(TIME),
        amount: money("59.50", "EUR"),
        tax: zero,
        shipping: zero,
        discount: zero,
        customer: None,
        clicks: click(),
        country: None,
        coupon: None,
        lines: vec![],
        splits: vec![],
        aliases: vec![],
        metadata: [].into(),
    };
    assert_eq!(charge, expected);
    assert!(ignored(&with(CAPTURE, json!({"status": "PENDING"}))));
    for custom in [json!("order-4711"), json!(""), json!(null)] {
        assert_eq!(self::charge(&with(CAPTURE, json!({"custom_id": custom}))).1.clicks, None);
    }
}

#[test]
fn one_click_fits_where_paypal_carries_it_and_two_do_not() {
    assert!(CLICK.len() <= 127 && 2 * CLICK.len() + 1 > 127);
}

#[test]
fn an_order_tells_no_money_but_whose_click_it_was() {
    let expected = Referral {
        customer: customer("QYR5Z8XDVJNXQ", Some("jane.doe@example.com")).unwrap(),
        clicks: click().unwrap(),
        occurred_at: at(TIME + 5),
    };
    assert_eq!(facts(ORDER), [ExternalFact::new("5O190127TN364715T", Fact::Referral(expected))]);
    for changes in [json!({"payer": null}), json!({"purchase_units": []}), json!({"purchase_units": [{}]})] {
        assert!(ignored(&with(ORDER, changes)));
    }
}

#[test]
fn a_sale_of_a_subscription_is_a_renewal_of_its_subscriber() {
    let (external_id, charge) = charge(SALE);
    assert_eq!((external_id.as_str(), charge.kind), ("8RS6210148826604N", ConversionKind::Renewal));
    let usd = |text| money(text, "USD");
    assert_eq!((charge.amount, charge.tax, charge.shipping), (usd("29.00"), usd("4.00"), usd("1.00")));
    assert_eq!((charge.customer.clone(), charge.clicks), (customer("I-BW452GLLEP1G", None), None));
    let [ExternalFact { external_id, fact: Fact::Referral(referral), .. }] = &facts(SUBSCRIPTION)[..] else {
        panic!()
    };
    assert_eq!((external_id.as_str(), Some(&referral.clicks)), ("I-BW452GLLEP1G", click().as_ref()));
    assert_eq!(referral.customer.id, charge.customer.unwrap().id);
    assert!(ignored(&with(SUBSCRIPTION, json!({"custom_id": "order-4711"}))));
}

#[test]
fn a_sale_without_a_subscription_is_a_sale() {
    let event = with(SALE, json!({"billing_agreement_id": null, "custom": CLICK}));
    let (_, charge) = charge(&event);
    assert_eq!((charge.kind, charge.customer, charge.clicks), (ConversionKind::Sale, None, click()));
    assert!(ignored(&with(SALE, json!({"state": "pending"}))));
}

#[test]
fn refunds_and_reversals_are_told_by_their_own_ids() {
    let of = |payment: &str, refund: Refund| [(payment.to_owned(), refund)];
    let (capture, sale) = ("42311647XV020574X", "8RS6210148826604N");
    assert_eq!(back(REFUNDED), of(capture, refund("1Y107995YT783435V", "20.00", "EUR", TIME + 1800)));
    assert_eq!(
        back(REVERSED),
        of(capture, refund("09E71677NS257044M", "39.50", "EUR", TIME + 3 * DAY + 1800))
    );
    assert_eq!(back(SALE_REFUNDED), of(sale, refund("6YX43824R4443062K", "9.00", "USD", TIME + DAY)));
    assert_eq!(back(SALE_REVERSED), of(sale, refund("77689802DL785834G", "20.00", "USD", TIME + 2 * DAY)));
    let by_itself = with(SALE_REVERSED, json!({"links": []}));
    assert_eq!(back(&by_itself), of(sale, refund(sale, "20.00", "USD", TIME + 2 * DAY)));
    let by_field = with(REFUNDED, json!({"links": [], "capture_id": capture}));
    assert_eq!(back(&by_field), back(REFUNDED));
}

#[test]
fn a_refund_that_failed_is_void() {
    for event in [
        of_type(REFUNDED, "PAYMENT.REFUND.FAILED"),
        with(REFUNDED, json!({"status": "FAILED"})),
        with(REFUNDED, json!({"status": "CANCELLED"})),
    ] {
        assert_eq!(back(&event)[0].1.stage, RefundStage::Void);
    }
    assert!(ignored(&with(REFUNDED, json!({"amount": {"currency_code": "EUR", "value": "0.00"}}))));
}

#[test]
fn a_dispute_holds_and_lets_go_and_never_takes() {
    let expected = |stage, second| {
        let fact = Refund {
            refund_id: "PP-D-27803".into(),
            cause: RefundCause::Dispute,
            stage,
            amount: None,
            occurred_at: at(second),
        };
        [("42311647XV020574X".to_owned(), fact)]
    };
    let (opened, resolved) = (TIME + 2 * DAY - 4 * 3600 + 5, TIME + 8 * DAY - 4 * 3600 + 5);
    assert_eq!(back(OPENED), expected(RefundStage::Open, opened));
    assert_eq!(back(&of_type(OPENED, "CUSTOMER.DISPUTE.UPDATED")), expected(RefundStage::Open, opened));
    let updated = of_type(&with(OPENED, json!({"status": "RESOLVED"})), "CUSTOMER.DISPUTE.UPDATED");
    assert_eq!(back(&updated), expected(RefundStage::Void, opened));
    for outcome in [
        "RESOLVED_BUYER_FAVOUR",
        "RESOLVED_SELLER_FAVOUR",
        "RESOLVED_WITH_PAYOUT",
        "CANCELED_BY_BUYER",
        "ACCEPTED",
        "DENIED",
        "NONE",
    ] {
        let event = with(RESOLVED, json!({"dispute_outcome": {"outcome_code": outcome}}));
        assert_eq!(back(&event), expected(RefundStage::Void, resolved), "{outcome}");
    }
}

#[test]
fn what_cannot_be_read_names_its_place_and_no_value() {
    let object = |kind: &str, at: &str| Err(Unreadable::Object { kind: kind.into(), at: at.into() });
    assert_eq!(read("x"), Err(Unreadable::NotJson));
    assert_eq!(read("{}"), Err(Unreadable::NotAnEvent { at: "the body itself".into() }));
    let untimed = testing::with(CAPTURE, "", &json!({"create_time": "jane"}));
    assert_eq!(read(&untimed), Err(Unreadable::NotAnEvent { at: "create_time".into() }));
    for (event, kind, place) in [
        (with(CAPTURE, json!({"id": 7})), "PAYMENT.CAPTURE.COMPLETED", "id"),
        (with(CAPTURE, json!({"amount": null})), "PAYMENT.CAPTURE.COMPLETED", "amount"),
        (with(REFUNDED, json!({"links": []})), "PAYMENT.CAPTURE.REFUNDED", "links"),
        (
            with(OPENED, json!({"disputed_transactions": []})),
            "CUSTOMER.DISPUTE.CREATED",
            "disputed_transactions.seller_transaction_id",
        ),
    ] {
        assert_eq!(read(&event), object(kind, place));
    }
    for amount in ["59.505", "jane", "", "1e3", "-1.00"] {
        let event = with(CAPTURE, json!({"amount": {"currency_code": "EUR", "value": amount}}));
        assert!(matches!(read(&event), Err(Unreadable::Amount { .. })), "{amount}");
    }
}

#[test]
fn an_event_of_another_type_is_ignored_with_its_id_kept() {
    let received = read(&of_type(CAPTURE, "PAYMENT.CAPTURE.PENDING")).unwrap();
    assert_eq!(received.event_id, "WH-58D329510W468432D-8HN650336L201105X");
    assert_eq!((received.occurred_at, received.content), (at(TIME + 5), Content::Ignored));
    let delivery = Delivery { headers: &HeaderMap::new(), body: CAPTURE.as_bytes() };
    assert_eq!(PaypalWebhooks.event_id(&delivery), Some(received.event_id));
}

#[test]
fn no_personal_data_comes_out_of_any_event() {
    for event in ALL {
        assert_impersonal(&read(event).unwrap());
    }
}

proptest! {
    #[test]
    fn no_event_makes_it_panic(
        event in select(ALL.to_vec()),
        cut in 0_usize..4000,
        name in select(vec![
            "amount", "id", "status", "links", "disputed_transactions", "custom_id", "create_time",
        ]),
        value in prop_oneof![
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            ".{0,20}".prop_map(|text| json!([text])),
            ".{0,20}".prop_map(|text| json!({"total": text, "currency": "JPY"})),
        ],
        body: Vec<u8>,
    ) {
        let _ = testing::read(&PaypalWebhooks, &HeaderMap::new(), &body);
        let _ = read(event.get(..cut.min(event.len())).unwrap_or_default());
        let _ = read(&with(event, json!({name: value})));
    }
}
