//! The HTTP functions that write.

use serde_json::json;
use tests::{
    World,
    story::{DESTINATION, application, plan, program_request, sale, text, usd},
    stripe,
};

use super::{
    stage::{Case, Stage, case, done, insist, latest_commission, nothing},
    workers::report,
};

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
        case("a secret is rotated", "rotate-webhook-secret", nothing, |w, s| {
            let endpoint = s.endpoint.path.rsplit('/').next().unwrap();
            let path = format!("/admin/webhook-endpoints/{endpoint}/secrets");
            Box::pin(done(w.admin("POST", &path).json(&json!({ "signing_secret": "whsec_the-second-one" }))))
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
        case("a link is disabled", "disable-link", nothing, |w, s| {
            Box::pin(async move {
                let target = format!("/affiliate/links?program_id={}", s.program.id);
                let links = w.partner("kid", "GET", &target).expect(200).await;
                let path = format!("/affiliate/links/{}/disable", text(&links["data"][0]["id"]));
                done(w.partner("kid", "POST", &path)).await;
            })
        }),
        // The visitor goes on in any case, and the click id proves the click.
        case("a link is followed, and the visitor buys", "follow-link", nothing, |w, s| {
            Box::pin(async move {
                let click = w.click(&s.slug).await;
                report(w, s, &[sale("order-1", "100.00", Some(&click))]).await;
            })
        })
        .may_lose(&["click", "first_click", "link_clicks", "clicks", "unique_clicks"]),
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
        case("a provider reports that a partner is who they say", "receive-webhook", nothing, |w, s| {
            Box::pin(identity(w, s))
        }),
        case("somebody forges a webhook", "receive-webhook", nothing, |w, s| {
            Box::pin(async move {
                let forger = stripe::Endpoint { secret: "whsec_forged".to_owned(), ..s.endpoint.clone() };
                let event = stripe::checkout(w, "pi_1", 10_000, &s.click);
                let reply = insist(w.webhook(&forger, &event)).await;
                assert_eq!(reply.status, 401, "{}", reply.text);
            })
        })
        .may_lose(&["webhooks_failed"]),
        case("a payout is requested", "request-payout", earned, |w, s| {
            Box::pin(done(w.payout(&s.program, &s.kid)))
        }),
    ]
}

/// The partner's identity is checked, and Stripe tells.
async fn identity(w: &World, s: &Stage) {
    let started = w.partner("kid", "POST", "/affiliate/identity-checks").expect(201).await;
    let deliveries = {
        let mut payments = w.payments.lock();
        let to = payment_world::Endpoint {
            url: format!("http://api.acme.example{}", s.endpoint.path),
            secret: s.endpoint.secret.clone(),
            duplicate: false,
            reorder: false,
            wrong_signature: false,
        };
        payments.set_endpoint(to).unwrap();
        let decision = payment_world::Decision { outcome: payment_world::Verification::Verified, code: None };
        payments.decide(&text(&started["session_id"]), &decision).unwrap();
        payments.deliveries()
    };
    for delivery in deliveries {
        let call = w.call("POST", &s.endpoint.path).without("idempotency-key");
        let call =
            call.text("application/json", &delivery.body).header("stripe-signature", &delivery.signature);
        done(call).await;
    }
}

/// 20.00 USD can be paid out.
pub(crate) fn earned<'w>(w: &'w World, s: &'w Stage) -> futures_util::future::LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        w.sale(&s.program, "order-0", "100.00", &s.click).await;
        w.days(31).await;
    })
}
