//! The HTTP functions that write.

use serde_json::json;
use tests::{
    Call, World,
    story::{DESTINATION, application, plan, program_request, sale, usd},
    stripe,
};

use super::stage::{Case, Stage, case, insist, latest_commission, nothing};

/// Calls until there is an answer that stands, which must not be a refusal other than a conflict:
/// what has no key says so when it was done before.
async fn done(call: Call<'_>) {
    let reply = insist(call).await;
    assert!(reply.status < 400 || reply.status == 409, "{}: {}", reply.status, reply.text);
}

/// What administrators do.
pub(crate) fn administration() -> Vec<Case> {
    vec![
        case("a program is created", "create-program", nothing, |w, _| {
            Box::pin(done(w.admin("POST", "/admin/programs").json(&program_request())))
        }),
        case("a plan is published", "publish-plan", nothing, |w, s| {
            let path = format!("/admin/programs/{}/plans", s.program.id);
            Box::pin(done(w.admin("POST", &path).json(&json!({ "plan": plan() }))))
        }),
        case("a rate is published", "publish-exchange-rates", nothing, |w, _| {
            let rate =
                json!({ "from": "EUR", "to": "USD", "day": "2026-11-02", "rate": "1.0825", "source": "ECB" });
            Box::pin(done(w.admin("POST", "/admin/exchange-rates").json(&json!({ "rates": [rate] }))))
        }),
        case("a key is created", "create-api-key", nothing, |w, s| {
            let body = json!({ "program_id": s.program.id, "name": "shop", "scopes": ["conversions:write"] });
            Box::pin(done(w.admin("POST", "/admin/api-keys").json(&body)))
        }),
        case("a coupon is created", "create-coupon", nothing, |w, s| {
            let body = json!({ "program_id": s.program.id, "partner_id": s.kid.id, "code": "SUMMER10" });
            Box::pin(done(w.admin("POST", "/admin/coupons").json(&body)))
        }),
        case("a coupon is disabled", "disable-coupon", nothing, |w, s| {
            Box::pin(async move {
                let coupon = s.coupon(w).await;
                done(w.admin("POST", &format!("/admin/coupons/{coupon}/disable"))).await;
            })
        }),
        case("an endpoint is created", "create-webhook-endpoint", nothing, |w, s| {
            let body = json!({ "program_id": s.program.id, "provider": "stripe", "signing_secrets": ["whsec_1234567890"] });
            Box::pin(done(w.admin("POST", "/admin/webhook-endpoints").json(&body)))
        }),
        case("an application is approved", "approve-application", nothing, |w, s| {
            Box::pin(done(w.admin("POST", &s.decision("approve")).json(&json!({}))))
        }),
        case("an application is rejected", "reject-application", nothing, |w, s| {
            Box::pin(done(w.admin("POST", &s.decision("reject")).json(&json!({ "reason": "no website" }))))
        }),
        case("a commission is adjusted", "adjust-commission", earned, |w, s| {
            Box::pin(async move {
                let path = format!("/admin/commissions/{}/adjustments", latest_commission(w, s).await);
                let body = json!({ "amount": usd("-3.00"), "reason": "ordered for testing" });
                done(w.admin("POST", &path).json(&body)).await;
            })
        }),
        case("a held sale is released", "decide-commission", held_sale, |w, s| decide(w, s, "release")),
        case("a held sale is rejected", "decide-commission", held_sale, |w, s| decide(w, s, "reject")),
    ]
}

fn held_sale<'w>(w: &'w World, s: &'w Stage) -> futures_util::future::LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let mut own = sale("own", "100.00", Some(&s.click));
        own["customer"]["email"] = json!("kid@partners.example");
        w.conversion(&s.program, &own).expect(202).await;
        w.settle().await;
    })
}

fn decide<'w>(
    w: &'w World,
    s: &'w Stage,
    decision: &'static str,
) -> futures_util::future::LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let path = format!("/admin/commissions/{}/decide", latest_commission(w, s).await);
        done(w.admin("POST", &path).json(&json!({ "decision": decision }))).await;
    })
}

/// What partners, their visitors, merchants and payment providers do.
pub(crate) fn partners() -> Vec<Case> {
    vec![
        case("somebody registers", "register-partner", nothing, |w, s| {
            let body = application(&s.program.id, "new", Some(&s.kid.code));
            Box::pin(done(w.partner("new", "POST", "/affiliate/register").json(&body)))
        }),
        case("a partner joins a further program", "register-partner", nothing, |w, s| {
            let body = application(&s.strict.id, "mum", None);
            Box::pin(done(w.partner("mum", "POST", "/affiliate/register").json(&body)))
        }),
        case(
            "a rejected partner applies again",
            "accept-agreement",
            |w, s| {
                let call = w.admin("POST", &s.decision("reject")).json(&json!({ "reason": "no website" }));
                Box::pin(done(call))
            },
            |w, s| {
                let path = format!("/affiliate/agreements/{}/accept", s.strict.id);
                let terms = application(&s.strict.id, "kid", None)["terms"].clone();
                Box::pin(done(w.partner("kid", "POST", &path).json(&terms)))
            },
        ),
        case("a profile is changed", "update-profile", nothing, |w, _| {
            let body = json!({ "country": "AT" });
            Box::pin(done(w.partner("kid", "PATCH", "/affiliate/profile").json(&body)))
        }),
        case("a payout method is set", "set-payout-method", nothing, |w, _| {
            let body = json!({ "provider": "stripe", "account": "acct_other" });
            Box::pin(done(w.partner("kid", "PUT", "/affiliate/payout-method").json(&body)))
        }),
        case("an identity check begins", "start-identity-check", nothing, |w, _| {
            Box::pin(done(w.partner("kid", "POST", "/affiliate/identity-checks")))
        }),
        case("a link is made", "generate-link", nothing, |w, s| {
            let body =
                json!({ "program_id": s.program.id, "destination": DESTINATION, "campaign": "autumn" });
            Box::pin(done(w.partner("kid", "POST", "/affiliate/links/generate").json(&body)))
        }),
        case("a sale is reported", "record-conversion", nothing, |w, s| {
            Box::pin(done(w.conversion(&s.program, &sale("order-1", "100.00", Some(&s.click)))))
        }),
        case("facts are reported at once", "record-conversions", nothing, |w, s| {
            let sales = ["order-1", "order-2", "order-1"].map(|order| sale(order, "100.00", Some(&s.click)));
            Box::pin(done(w.conversions(&s.program, &sales)))
        }),
        case("a provider reports a sale", "receive-webhook", nothing, |w, s| {
            Box::pin(done(w.webhook(&s.endpoint, &stripe::checkout(w, "pi_1", 10_000, &s.click))))
        }),
        case("a provider reports what cannot be read", "receive-webhook", nothing, |w, s| {
            let mut event = stripe::checkout(w, "pi_1", 10_000, &s.click);
            event["data"]["object"]["amount_total"] = json!("much");
            Box::pin(done(w.webhook(&s.endpoint, &event)))
        }),
        case("a payout is requested", "request-payout", earned, |w, s| {
            Box::pin(done(w.payout(&s.program, &s.kid)))
        }),
    ]
}

/// 20.00 USD can be paid out.
pub(crate) fn earned<'w>(w: &'w World, s: &'w Stage) -> futures_util::future::LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        w.sale(&s.program, "order-0", "100.00", &s.click).await;
        w.days(31).await;
    })
}
