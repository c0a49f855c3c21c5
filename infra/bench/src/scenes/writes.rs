//! Functions that change something; every invocation changes something of its own.

use ::tests::{
    World,
    issuer::ISSUER,
    story::{Partner, Program, application, program_request, sale, text},
    stripe,
};
use domain::{id::PartnerId, link::Slug};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::park::Queue;

use super::{Cast, FEW, MANY, Scene, delivery};
use crate::sample::Sample;

/// Partners who wait for an administrator.
async fn applicants(world: &World) -> (Program, Vec<Partner>) {
    let mut request = program_request();
    request["auto_approve"] = json!(false);
    let program = world.program_with(&request, &::tests::story::plan()).await;
    let mut applicants = Vec::new();
    for number in 0..FEW {
        applicants.push(world.join(&program, &format!("applicant-{number}"), None).await);
    }
    (program, applicants)
}

/// Decides about every applicant.
async fn decided(function: &str, about: &'static str) -> Scene {
    let cast = Cast::new().await;
    let (program, applicants) = applicants(&cast.world).await;
    let event = |partner: &Partner| {
        let path = [("program_id", program.id.as_str()), ("partner_id", partner.id.as_str())];
        Sample::of(&cast.world, function).path(&path).event()
    };
    let events = applicants.iter().map(event).collect();
    cast.scene(about, events)
}

pub(super) async fn approve_application() -> Scene {
    decided("approve-application", "one application").await
}

pub(super) async fn reject_application() -> Scene {
    decided("reject-application", "one application").await
}

pub(super) async fn accept_agreement() -> Scene {
    let cast = Cast::new().await;
    let (program, applicants) = applicants(&cast.world).await;
    let mut events = Vec::new();
    for partner in &applicants {
        let reject = format!("/admin/programs/{}/applications/{}/reject", program.id, partner.id);
        cast.world.admin("POST", &reject).json(&json!({ "reason": "no website" })).expect(200).await;
        let sample = Sample::of(&cast.world, "accept-agreement").partner(partner);
        events.push(sample.path(&[("program_id", &program.id)]).event());
    }
    cast.scene("applies again", events)
}

/// Many calls of an administrator, each with a key of its own.
async fn administered(function: &str, about: &'static str) -> Scene {
    let cast = Cast::new().await;
    let id = cast.program.id.clone();
    let event = |_| {
        let sample = Sample::of(&cast.world, function);
        sample
            .body(|body| {
                if body["program_id"].is_string() {
                    body["program_id"] = json!(id)
                }
            })
            .event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene(about, events)
}

pub(super) async fn create_coupon() -> Scene {
    let cast = Cast::new().await;
    let event = |number| {
        let sample = Sample::of(&cast.world, "create-coupon").body(|body| {
            body["program_id"] = json!(cast.program.id);
            body["partner_id"] = json!(cast.kid.id);
            body["code"] = json!(format!("CODE-{number}"));
        });
        sample.event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("one coupon", events)
}

pub(super) async fn disable_coupon() -> Scene {
    let cast = Cast::new().await;
    let mut events = Vec::new();
    for number in 0..FEW {
        let coupon = cast.world.coupon(&cast.program, &cast.kid, &format!("CODE-{number}")).await;
        events.push(Sample::of(&cast.world, "disable-coupon").path(&[("coupon_id", &coupon)]).event());
    }
    cast.scene("one coupon", events)
}

pub(super) async fn create_program() -> Scene {
    administered("create-program", "one program").await
}

pub(super) async fn create_api_key() -> Scene {
    administered("create-api-key", "one key").await
}

pub(super) async fn create_webhook_endpoint() -> Scene {
    administered("create-webhook-endpoint", "one endpoint").await
}

pub(super) async fn publish_plan() -> Scene {
    let cast = Cast::new().await;
    let mut events = Vec::new();
    for _ in 0..FEW {
        let program = cast.world.admin("POST", "/admin/programs").json(&program_request()).expect(201).await;
        let id = text(&program["id"]);
        let sample = Sample::of(&cast.world, "publish-plan").path(&[("program_id", &id)]);
        events.push(sample.body(|body| drop(body.as_object_mut().unwrap().remove("effective_from"))).event());
    }
    cast.scene("a program's first plan", events)
}

pub(super) async fn publish_exchange_rates() -> Scene {
    let cast = Cast::new().await;
    let first = jiff::civil::date(2025, 1, 1);
    let event = |day: i64| {
        let day = first + jiff::Span::new().days(day);
        let sample = Sample::of(&cast.world, "publish-exchange-rates");
        sample.body(|body| body["rates"][0]["day"] = json!(day)).event()
    };
    let events = (0..i64::try_from(MANY).unwrap()).map(event).collect();
    cast.scene("one rate that nothing waits for", events)
}

pub(super) async fn adjust_commission() -> Scene {
    let cast = Cast::new().await;
    cast.sales(1).await;
    let commission = text(&cast.world.commissions(&cast.program, &cast.kid).await[0]["id"]);
    let event = |_| {
        let sample = Sample::of(&cast.world, "adjust-commission").path(&[("commission_id", &commission)]);
        sample.body(|body| body["amount"]["amount"] = json!("1.00")).event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("adds to a line in its holding period", events)
}

pub(super) async fn decide_commission() -> Scene {
    let cast = Cast::new().await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    let mut events = Vec::new();
    for _ in 0..FEW {
        // Bought by the partner itself, so it is held.
        let mut own = sale(&cast.world.fresh("order"), "100.00", Some(&click));
        own["customer"]["email"] = json!("kid@partners.example");
        let accepted = cast.world.conversion(&cast.program, &own).expect(202).await;
        let commission = text(&accepted["conversion_id"]).replace("cnv_", "com_") + "_01";
        let sample = Sample::of(&cast.world, "decide-commission");
        events.push(sample.path(&[("commission_id", &commission)]).event());
    }
    cast.world.drain().await;
    cast.scene("releases three levels of a held sale", events)
}

pub(super) async fn generate_link() -> Scene {
    let cast = Cast::new().await;
    let event = |number| {
        let sample = Sample::of(&cast.world, "generate-link").partner(&cast.kid);
        let change = |body: &mut Value| {
            body["program_id"] = json!(cast.program.id);
            body["slug"] = json!(format!("spring-{number}"));
        };
        sample.body(change).event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("one link with a slug", events)
}

pub(super) async fn disable_link() -> Scene {
    let cast = Cast::new().await;
    let mut events = Vec::new();
    for _ in 0..MANY {
        let slug = cast.world.link(&cast.program, &cast.kid).await;
        let id = Slug::try_from(slug).unwrap().link_id().to_string();
        let sample = Sample::of(&cast.world, "disable-link").partner(&cast.kid);
        events.push(sample.path(&[("link_id", &id)]).event());
    }
    cast.scene("one link", events)
}

pub(super) async fn receive_webhook() -> Scene {
    let cast = Cast::new().await;
    let endpoint = cast.world.endpoint(&cast.program).await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    let event = |number| {
        let checkout = stripe::checkout(&cast.world, &format!("pi_{number}"), 10_000, &click);
        delivery(&cast.world, &endpoint, &checkout, &endpoint.path)
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("Stripe's Checkout session", events)
}

pub(super) async fn record_conversion() -> Scene {
    let cast = Cast::new().await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    let key = cast.program.token.split('.').next().unwrap();
    let event = |number| {
        let sample = Sample::of(&cast.world, "record-conversion").caller(json!({
            "role": "merchant", "id": key, "scopes": "conversions:write", "program_id": cast.program.id,
        }));
        let change = |body: &mut Value| {
            body["external_id"] = json!(format!("order-{number}"));
            body["click_id"] = json!(click);
            drop(body.as_object_mut().unwrap().remove("occurred_at"));
        };
        sample.body(change).event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("one sale", events)
}

pub(super) async fn record_conversions() -> Scene {
    let cast = Cast::new().await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    let key = cast.program.token.split('.').next().unwrap();
    let event = |number| {
        let sample = Sample::of(&cast.world, "record-conversions").caller(json!({
            "role": "merchant", "id": key, "scopes": "conversions:write", "program_id": cast.program.id,
        }));
        let fact = |place: usize| sale(&format!("order-{number}-{place}"), "120.00", Some(&click));
        let facts: Vec<_> = (0..100).map(fact).collect();
        sample.body(|body| body["facts"] = json!(facts)).event()
    };
    let events = (0..FEW).map(event).collect();
    cast.scene("100 sales", events)
}

pub(super) async fn register_partner() -> Scene {
    let cast = Cast::new().await;
    let event = |number: usize| {
        let name = format!("new-{number}");
        let id = PartnerId::derive(&[ISSUER, &name]);
        let email = format!("{name}@partners.example");
        let caller = json!({ "role": "partner", "id": id, "email": email });
        let body = application(&cast.program.id, &name, Some(&cast.gran.code));
        Sample::of(&cast.world, "register-partner").caller(caller).body(|sent| *sent = body).event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("a recruit, approved at once", events)
}

/// Partners with money to be paid out and a place to send it.
pub(super) async fn payable(cast: &Cast, partners: usize, method: impl Fn(usize) -> Value) -> Vec<Partner> {
    let mut payable = Vec::new();
    for number in 0..partners {
        let partner = cast.world.join(&cast.program, &format!("payee-{number}"), None).await;
        let click = cast.world.visit(&cast.program, &partner).await;
        cast.world.sale(&cast.program, &cast.world.fresh("order"), "100.00", &click).await;
        let call = cast.world.partner(&partner.name, "PUT", "/affiliate/payout-method");
        call.json(&method(number)).expect(200).await;
        payable.push(partner);
    }
    cast.world.pass(SignedDuration::from_mins(1)).await;
    payable
}

/// An account with Stripe.
pub(super) fn stripe_account(number: usize) -> Value {
    json!({ "provider": "stripe", "account": format!("acct_1PqXjmLkdIwHu{number}") })
}

pub(super) async fn request_payout() -> Scene {
    let cast = Cast::new().await;
    let partners = payable(&cast, FEW, stripe_account).await;
    let event = |partner| {
        let sample = Sample::of(&cast.world, "request-payout").partner(partner);
        sample.body(|body| body["program_id"] = json!(cast.program.id)).event()
    };
    let events = partners.iter().map(event).collect();
    cast.scene("one payout", events)
}

pub(super) async fn set_payout_method() -> Scene {
    let cast = Cast::new().await;
    let event = |number| {
        let sample = Sample::of(&cast.world, "set-payout-method").partner(&cast.kid);
        sample.body(|body| *body = stripe_account(number)).event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("another account", events)
}

pub(super) async fn start_identity_check() -> Scene {
    let cast = Cast::new().await;
    let event = |_| Sample::of(&cast.world, "start-identity-check").partner(&cast.kid).event();
    let events = (0..MANY).map(event).collect();
    cast.scene("one session with the checker", events)
}

pub(super) async fn update_profile() -> Scene {
    let cast = Cast::new().await;
    let event = |number| {
        let sample = Sample::of(&cast.world, "update-profile").partner(&cast.kid);
        sample.body(|body| body["website"] = json!(format!("https://jane.example/{number}"))).event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("another website", events)
}

pub(super) async fn rotate_webhook_secret() -> Scene {
    let cast = Cast::new().await;
    let endpoint = cast.world.endpoint(&cast.program).await;
    let id = endpoint.path.rsplit('/').next().unwrap();
    let event = |number| {
        let sample = Sample::of(&cast.world, "rotate-webhook-secret").path(&[("endpoint_id", id)]);
        let secret = json!({ "signing_secret": format!("whsec_number-{number}"), "overlap_hours": 0 });
        sample.body(|body| *body = secret).event()
    };
    let events = (0..MANY).map(event).collect();
    cast.scene("a secret that replaces the one before at once", events)
}

pub(super) async fn replay_webhook_event() -> Scene {
    let cast = Cast::new().await;
    let endpoint = cast.world.endpoint(&cast.program).await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    let checkout = stripe::checkout(&cast.world, "pi_1", 10_000, &click);
    cast.world.webhook(&endpoint, &checkout).expect(200).await;
    let (id, event) = (endpoint.path.rsplit('/').next().unwrap(), text(&checkout["id"]));
    let sample = Sample::of(&cast.world, "replay-webhook-event");
    let event = sample.path(&[("endpoint_id", id), ("event_id", &event)]).event();
    cast.again("an event of one sale", event)
}

/// Deals with parked messages, one by one.
async fn parked(function: &str, queue: Queue, about: &'static str) -> Scene {
    let cast = Cast::new().await;
    let mut events = Vec::new();
    for number in 0..FEW {
        let id = super::park(&cast.world, queue, &number.to_string()).await;
        let sample = Sample::of(&cast.world, function);
        events.push(sample.path(&[("queue", queue.as_str()), ("message_id", &id)]).event());
    }
    cast.scene(about, events)
}

pub(super) async fn retry_parked_message() -> Scene {
    parked("retry-parked-message", Queue::Conversions, "a fact, back to its queue").await
}

pub(super) async fn discard_parked_message() -> Scene {
    parked("discard-parked-message", Queue::Refunds, "a note").await
}
