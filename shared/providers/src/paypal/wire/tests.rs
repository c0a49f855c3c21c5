//! PayPal's answers, and what they prove.

use super::*;

fn judged(status: u16, body: Value) -> Verdict {
    judge(&Answer { status: StatusCode::from_u16(status).unwrap(), body })
}

#[test]
fn amounts_have_the_digits_paypal_takes() {
    for (text, code, expected) in [
        ("12.30", "USD", Some("12.30")),
        ("1500", "JPY", Some("1500")),
        ("1500.00", "HUF", Some("1500")),
        ("1500.50", "HUF", None),
        ("100.00", "TWD", Some("100")),
    ] {
        let amount = Money::parse(text, code.parse().unwrap()).unwrap();
        assert_eq!(value(amount).as_deref(), expected, "{text} {code}");
    }
}

#[test]
fn a_duplicate_leads_to_the_first_batch_wherever_its_link_stands_and_points() {
    let link = |href: &str| json!([{"href": href, "rel": "self"}]);
    let there = link("https://evil.example/v1/payments/payouts/8LNUKBYTYTMWA");
    for body in [
        json!({"name": "USER_BUSINESS_ERROR", "details": [{"link": there}]}),
        json!({"name": "USER_BUSINESS_ERROR", "links": there}),
    ] {
        assert!(matches!(judged(400, body), Verdict::Known(id) if id == "8LNUKBYTYTMWA"));
    }
    for href in ["https://api.paypal.com/v1/payments/payouts/", "/v1/payments/payouts/../x", "nonsense"] {
        let body = json!({"name": "USER_BUSINESS_ERROR", "links": link(href)});
        assert!(matches!(judged(400, body), Verdict::Unknown(_)), "{href}");
    }
}

#[test]
fn only_a_clear_answer_of_paypals_own_is_definite() {
    for (status, name) in
        [(400, "VALIDATION_ERROR"), (403, "AUTHORIZATION_ERROR"), (422, "INSUFFICIENT_FUNDS")]
    {
        let verdict = judged(status, json!({"name": name, "message": "m"}));
        assert!(matches!(verdict, Verdict::Refused { code, .. } if code == name));
    }
    let named = json!({"name": "INTERNAL_ERROR"});
    for (status, body) in [
        (201, json!({})),
        (400, Value::Null),
        (401, named.clone()),
        (404, named.clone()),
        (409, named.clone()),
        (429, named.clone()),
        (500, named.clone()),
        (503, Value::Null),
    ] {
        assert!(matches!(judged(status, body), Verdict::Unknown(_)), "{status}");
    }
}

#[test]
fn only_success_is_paid_and_only_money_that_is_back_is_not_pending() {
    for (item, batch, expected) in [
        ("SUCCESS", "SUCCESS", Progress::Paid),
        ("PENDING", "PROCESSING", Progress::Pending),
        ("UNCLAIMED", "SUCCESS", Progress::Pending),
        ("ONHOLD", "SUCCESS", Progress::Pending),
        ("BLOCKED", "SUCCESS", Progress::Pending),
        ("SOMETHING_NEW", "SUCCESS", Progress::Pending),
        ("FAILED", "SUCCESS", Progress::Failed { code: "RECEIVER_UNREGISTERED".into() }),
        ("PENDING", "DENIED", Progress::Failed { code: "RECEIVER_UNREGISTERED".into() }),
        ("RETURNED", "SUCCESS", Progress::Returned { code: "RECEIVER_UNREGISTERED".into() }),
    ] {
        let batch: Batch = serde_json::from_value(json!({
            "batch_header": {"payout_batch_id": "b", "batch_status": batch},
            "items": [{"transaction_status": item, "errors": {"name": "RECEIVER_UNREGISTERED"}}],
        }))
        .unwrap();
        assert_eq!(batch.progress(), expected, "{item}");
    }
    let bare: Batch =
        serde_json::from_value(json!({"batch_header": {"payout_batch_id": "b", "batch_status": "DENIED"}}))
            .unwrap();
    assert_eq!(bare.progress(), Progress::Failed { code: "DENIED".into() });
}
