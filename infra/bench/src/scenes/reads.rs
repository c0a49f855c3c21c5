//! Functions that look something up.

use ::tests::{
    issuer::Issuer,
    story::{program_request, sale, text},
    stripe,
};
use domain::link::Slug;
use serde_json::json;
use store::park::Queue;

use super::{Cast, MANY, Scene, with_tier};
use crate::sample::Sample;

/// Rows on the pages that are listed.
const ROWS: usize = 25;

pub(super) async fn authorize() -> Scene {
    let cast = Cast::new().await;
    let claims = Issuer::claims("kid", Some("kid@partners.example"), &[], crate::sample::real_now());
    let shown = format!("Bearer {}", Issuer::sign(&claims));
    let event = Sample::of(&cast.world, "authorize").with(|event| {
        event["headers"]["authorization"] = json!(shown);
        event["identitySource"] = json!([shown]);
    });
    cast.again("checks a partner's token", event.event())
}

pub(super) async fn get_profile() -> Scene {
    let cast = Cast::new().await;
    let event = Sample::of(&cast.world, "get-profile").partner(&cast.kid).event();
    cast.again("partner and one enrolment", event)
}

pub(super) async fn explain_commission() -> Scene {
    let cast = Cast::new().await;
    cast.sales(1).await;
    let id = text(&cast.world.commissions(&cast.program, &cast.kid).await[0]["id"]);
    let sample = Sample::of(&cast.world, "explain-commission").partner(&cast.kid);
    let event = sample.path(&[("commission_id", &id)]).event();
    cast.again("one commission and its conversion", event)
}

pub(super) async fn follow_link() -> Scene {
    let cast = Cast::new().await;
    let slug = cast.world.link(&cast.program, &cast.kid).await;
    let event = || Sample::of(&cast.world, "follow-link").path(&[("slug", &slug)]).event();
    let events = (0..MANY).map(|_| event()).collect();
    cast.scene("redirects; records the click afterwards", events)
}

/// Looks at a page of what the partner has in the program.
async fn listed(cast: Cast, function: &str, about: &'static str) -> Scene {
    let sample = Sample::of(&cast.world, function).partner(&cast.kid);
    let event = sample.query(&[("program_id", &cast.program.id), ("limit", "25")]).event();
    cast.again(about, event)
}

/// Asks something about the partner in the program.
async fn asked(cast: Cast, function: &str, about: &'static str) -> Scene {
    let sample = Sample::of(&cast.world, function).partner(&cast.kid);
    let event = sample.query(&[("program_id", &cast.program.id)]).event();
    cast.again(about, event)
}

pub(super) async fn list_commissions() -> Scene {
    let cast = Cast::new().await;
    cast.sales(ROWS).await;
    listed(cast, "list-commissions", "a page of 25").await
}

pub(super) async fn list_links() -> Scene {
    let cast = Cast::new().await;
    for _ in 0..ROWS {
        cast.world.link(&cast.program, &cast.kid).await;
    }
    listed(cast, "list-links", "a page of 25").await
}

pub(super) async fn get_link_qr_code() -> Scene {
    let cast = Cast::new().await;
    let slug = cast.world.link(&cast.program, &cast.kid).await;
    let id = Slug::try_from(slug).unwrap().link_id().to_string();
    let sample = Sample::of(&cast.world, "get-link-qr-code").partner(&cast.kid);
    let event = sample.path(&[("link_id", &id)]).query(&[("format", "png"), ("size", "512")]).event();
    cast.again("a picture of 512 pixels", event)
}

/// A cast whose youngest partner has a page of coupons.
async fn with_coupons() -> Cast {
    let cast = Cast::new().await;
    for number in 0..ROWS {
        cast.world.coupon(&cast.program, &cast.kid, &format!("CODE-{number}")).await;
    }
    cast
}

pub(super) async fn list_own_coupons() -> Scene {
    listed(with_coupons().await, "list-own-coupons", "a page of 25").await
}

pub(super) async fn list_coupons() -> Scene {
    let cast = with_coupons().await;
    let sample = Sample::of(&cast.world, "list-coupons");
    let event = sample.query(&[("program_id", &cast.program.id), ("limit", "25")]).event();
    cast.again("a page of 25", event)
}

pub(super) async fn get_conversion() -> Scene {
    let cast = Cast::new().await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    let id = cast.world.sale(&cast.program, "order", "100.00", &click).await;
    let event = Sample::of(&cast.world, "get-conversion").path(&[("conversion_id", &id)]).event();
    cast.again("one sale on three levels", event)
}

pub(super) async fn list_payouts() -> Scene {
    let cast = Cast::new().await;
    cast.world.stripe_account(&cast.kid, "acct_1PqXjmLkdIwHu7ix").await;
    for _ in 0..5 {
        cast.sales(1).await;
        cast.world.pass(jiff::SignedDuration::from_mins(1)).await;
        cast.world.payout(&cast.program, &cast.kid).expect(201).await;
        cast.world.settle().await;
    }
    listed(cast, "list-payouts", "five payouts").await
}

pub(super) async fn list_referrals() -> Scene {
    let cast = Cast::new().await;
    for number in 0..ROWS {
        cast.world.join(&cast.program, &format!("recruit-{number}"), Some(&cast.kid)).await;
    }
    cast.world.drain().await;
    listed(cast, "list-referrals", "a page of 25").await
}

pub(super) async fn get_dashboard() -> Scene {
    let cast = Cast::new().await;
    cast.sales(ROWS).await;
    asked(cast, "get-dashboard", "thirty days, 25 sales").await
}

pub(super) async fn get_payout_eligibility() -> Scene {
    let cast = Cast::new().await;
    cast.sales(1).await;
    asked(cast, "get-payout-eligibility", "one account").await
}

pub(super) async fn list_applications() -> Scene {
    let cast = Cast::new().await;
    let mut request = program_request();
    request["auto_approve"] = json!(false);
    let program = cast.world.program_with(&request, &::tests::story::plan()).await;
    for number in 0..ROWS {
        cast.world.join(&program, &format!("applicant-{number}"), None).await;
    }
    let sample = Sample::of(&cast.world, "list-applications").path(&[("program_id", &program.id)]);
    let event = sample.query(&[("status", "applied"), ("limit", "25")]).event();
    cast.again("a page of 25", event)
}

pub(super) async fn list_exchange_rates() -> Scene {
    let cast = Cast::new().await;
    let rate = |day| json!({ "from": "EUR", "to": "USD", "day": day, "rate": "1.0825", "source": "ECB" });
    let rates: Vec<_> = (1..=ROWS).map(|day| rate(format!("2025-10-{day:02}"))).collect();
    let rates = json!({ "rates": rates });
    cast.world.admin("POST", "/admin/exchange-rates").json(&rates).expect(201).await;
    let event = Sample::of(&cast.world, "list-exchange-rates").event();
    cast.again("a page of 25", event)
}

pub(super) async fn list_missing_exchange_rates() -> Scene {
    const CURRENCIES: [&str; ROWS] = [
        "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD",
        "HUF", "ILS", "INR", "MXN", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "ZAR",
    ];
    let cast = Cast::new().await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    for currency in CURRENCIES {
        let mut foreign = sale(&cast.world.fresh("order"), "100.00", Some(&click));
        foreign["amount"]["currency"] = json!(currency);
        cast.world.conversion(&cast.program, &foreign).expect(202).await;
    }
    cast.world.drain().await;
    let event = Sample::of(&cast.world, "list-missing-exchange-rates").event();
    cast.again("a page of 25", event)
}

/// Goes over some sales of today, whole.
async fn over_sales(function: &str, about: &'static str) -> Scene {
    let cast = Cast::new().await;
    cast.sales(ROWS).await;
    let today = json!(cast.world.now().strftime("%F").to_string());
    let sample = Sample::of(&cast.world, function).path(&[("program_id", &cast.program.id)]);
    let event = sample.body(|body| (body["from"], body["to"]) = (today.clone(), today)).event();
    cast.again(about, event)
}

pub(super) async fn list_tier_changes() -> Scene {
    let cast = Cast::new().await;
    let cast = cast.selling_under(&with_tier("500.00")).await;
    cast.world.tick("evaluate-tiers").await;
    let partner = [("program_id", cast.program.id.as_str()), ("partner_id", cast.kid.id.as_str())];
    let event = Sample::of(&cast.world, "list-tier-changes").path(&partner).event();
    cast.again("one move", event)
}

pub(super) async fn replay_program() -> Scene {
    over_sales("replay-program", "25 sales on three levels and their entries").await
}

pub(super) async fn simulate_plan() -> Scene {
    over_sales("simulate-plan", "25 sales on three levels").await
}

pub(super) async fn list_webhook_endpoints() -> Scene {
    let cast = Cast::new().await;
    for _ in 0..3 {
        let _ = cast.world.endpoint(&cast.program).await;
    }
    let sample = Sample::of(&cast.world, "list-webhook-endpoints");
    let event = sample.query(&[("program_id", &cast.program.id)]).event();
    cast.again("three endpoints", event)
}

pub(super) async fn list_webhook_events() -> Scene {
    let cast = Cast::new().await;
    let endpoint = cast.world.endpoint(&cast.program).await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    for number in 0..ROWS {
        let checkout = stripe::checkout(&cast.world, &format!("pi_{number}"), 10_000, &click);
        cast.world.webhook(&endpoint, &checkout).expect(200).await;
    }
    cast.world.drain().await;
    let id = endpoint.path.rsplit('/').next().unwrap();
    let event = Sample::of(&cast.world, "list-webhook-events").query(&[("endpoint_id", id)]).event();
    cast.again("a page of 25", event)
}

pub(super) async fn list_parked_messages() -> Scene {
    let cast = Cast::new().await;
    for number in 0..ROWS {
        super::park(&cast.world, Queue::Conversions, &number.to_string()).await;
    }
    let event = Sample::of(&cast.world, "list-parked-messages").query(&[("queue", "conversions")]).event();
    cast.again("a page of 25", event)
}
