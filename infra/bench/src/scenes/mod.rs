//! What every function is measured on: a deployment with people and money in it, and its sample
//! event with their ids, a fresh one for every invocation that writes.

mod reads;
mod workers;
mod writes;

use jiff::SignedDuration;
use serde_json::{Value, json};
use store::park::{Parked, Queue};
use tests::{
    World,
    story::{Partner, Program, plan, program_request, usd},
    stripe::Endpoint,
    world::START,
};

use crate::sample::{Sample, real_now};

/// Invocations of a function that only reads, or whose work is quick to set up.
const MANY: usize = 220;
/// Invocations that each need a payout, a held sale or the like set up before.
const FEW: usize = 70;
/// What is set up lies a little in the past, so that it is due for processes by the real clock.
const BEFORE: SignedDuration = SignedDuration::from_hours(2);

/// A deployment, and the events for one function in it.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The deployment.
    pub(crate) world: World,
    /// Events, one an invocation.
    pub(crate) events: Vec<Value>,
    /// What one invocation does, for the report.
    pub(crate) about: &'static str,
}

/// A program with three generations of partners, the last of which sells.
#[derive(Debug)]
pub(crate) struct Cast {
    /// The deployment.
    pub(crate) world: World,
    /// The program.
    pub(crate) program: Program,
    gran: Partner,
    /// Who sells.
    pub(crate) kid: Partner,
}

impl Cast {
    /// A new deployment with these people in it.
    pub(crate) async fn new() -> Self {
        let world = World::start().await;
        let start = START.parse().unwrap();
        world.wait(real_now().duration_since(start) - BEFORE);
        let mut terms = plan();
        terms["hold_days"] = json!(0);
        let program = world.program_with(&program_request(), &terms).await;
        let [gran, _, kid] = world.three_generations(&program).await;
        Self { world, program, gran, kid }
    }

    /// Sales of the youngest partner, counted.
    async fn sales(&self, count: usize) {
        let click = self.world.visit(&self.program, &self.kid).await;
        for _ in 0..count {
            self.world.sale(&self.program, &self.world.fresh("order"), "100.00", &click).await;
        }
    }

    /// The same cast under another plan, with ten sales that are counted everywhere.
    async fn selling_under(self, plan: &Value) -> Self {
        self.world.publish(&self.program.id, plan).await;
        self.sales(10).await;
        self.world.settle().await;
        self
    }

    fn scene(self, about: &'static str, events: Vec<Value>) -> Scene {
        Scene { world: self.world, events, about }
    }

    /// The same event again and again.
    fn again(self, about: &'static str, event: Value) -> Scene {
        self.scene(about, vec![event; MANY])
    }
}

/// A plan with one tier, for so much revenue in a month.
fn with_tier(at_least: &str) -> Value {
    let mut terms = plan();
    terms["tier_requirements"] = json!({
        "metric": "revenue", "window": "month", "tiers": [{ "name": "gold", "at_least": usd(at_least) }],
    });
    terms
}

/// An event of a sender, signed for an endpoint, as it comes in at `path`.
pub(crate) fn delivery(world: &World, endpoint: &Endpoint, event: &Value, path: &str) -> Value {
    let call = world.webhook(endpoint, event);
    let [sender, id] = path.trim_start_matches("/webhooks/").split('/').collect::<Vec<_>>()[..] else {
        panic!("{path} is no address of a webhook")
    };
    let sample = Sample::of(world, "receive-webhook").path(&[("provider", sender), ("endpoint_id", id)]);
    let change = |event: &mut Value| {
        event["headers"]["stripe-signature"] = json!(call.headers["stripe-signature"]);
        event["body"] = json!(call.event_body());
    };
    sample.with(change).event()
}

/// Sets a message aside; gives its id.
async fn park(world: &World, queue: Queue, message_id: &str) -> String {
    let parked = Parked {
        queue,
        message_id: message_id.to_owned(),
        body: json!({ "program_id": "prg_C2H04S64V5C780R45HNWVP4XQN", "source": "shop" }).to_string(),
        code: "unknown_program".to_owned(),
        detail: "there is no such program".to_owned(),
        parked_at: world.now(),
    };
    world.store().park(&parked).await.unwrap();
    parked.id().to_string()
}

/// The scene of a function.
pub(crate) async fn of(function: &str) -> Scene {
    match function {
        "authorize" => reads::authorize().await,
        "explain-commission" => reads::explain_commission().await,
        "follow-link" => reads::follow_link().await,
        "get-conversion" => reads::get_conversion().await,
        "get-dashboard" => reads::get_dashboard().await,
        "get-link-qr-code" => reads::get_link_qr_code().await,
        "get-payout-eligibility" => reads::get_payout_eligibility().await,
        "get-profile" => reads::get_profile().await,
        "list-applications" => reads::list_applications().await,
        "list-commissions" => reads::list_commissions().await,
        "list-coupons" => reads::list_coupons().await,
        "list-exchange-rates" => reads::list_exchange_rates().await,
        "list-links" => reads::list_links().await,
        "list-missing-exchange-rates" => reads::list_missing_exchange_rates().await,
        "list-own-coupons" => reads::list_own_coupons().await,
        "list-parked-messages" => reads::list_parked_messages().await,
        "list-payouts" => reads::list_payouts().await,
        "list-referrals" => reads::list_referrals().await,
        "list-tier-changes" => reads::list_tier_changes().await,
        "list-webhook-endpoints" => reads::list_webhook_endpoints().await,
        "list-webhook-events" => reads::list_webhook_events().await,
        "replay-program" => reads::replay_program().await,
        "simulate-plan" => reads::simulate_plan().await,
        "accept-agreement" => writes::accept_agreement().await,
        "adjust-commission" => writes::adjust_commission().await,
        "approve-application" => writes::approve_application().await,
        "create-api-key" => writes::create_api_key().await,
        "create-coupon" => writes::create_coupon().await,
        "create-program" => writes::create_program().await,
        "create-webhook-endpoint" => writes::create_webhook_endpoint().await,
        "decide-commission" => writes::decide_commission().await,
        "disable-coupon" => writes::disable_coupon().await,
        "disable-link" => writes::disable_link().await,
        "discard-parked-message" => writes::discard_parked_message().await,
        "generate-link" => writes::generate_link().await,
        "publish-exchange-rates" => writes::publish_exchange_rates().await,
        "publish-plan" => writes::publish_plan().await,
        "receive-webhook" => writes::receive_webhook().await,
        "record-conversion" => writes::record_conversion().await,
        "record-conversions" => writes::record_conversions().await,
        "register-partner" => writes::register_partner().await,
        "reject-application" => writes::reject_application().await,
        "replay-webhook-event" => writes::replay_webhook_event().await,
        "request-payout" => writes::request_payout().await,
        "retry-parked-message" => writes::retry_parked_message().await,
        "rotate-webhook-secret" => writes::rotate_webhook_secret().await,
        "set-payout-method" => writes::set_payout_method().await,
        "start-identity-check" => writes::start_identity_check().await,
        "update-profile" => writes::update_profile().await,
        "audit-ledger" => workers::audit_ledger().await,
        "calculate-commission" => workers::calculate_commission().await,
        "evaluate-bonuses" => workers::evaluate_bonuses().await,
        "evaluate-maturity" => workers::evaluate_maturity().await,
        "evaluate-tiers" => workers::evaluate_tiers().await,
        "execute-payout" => workers::execute_payout().await,
        "mature-commissions" => workers::mature_commissions().await,
        "publish-events" => workers::publish_events().await,
        "publish-missed-events" => workers::publish_missed_events().await,
        "reconcile-payouts" => workers::reconcile_payouts().await,
        other => panic!("infra/bench/src/scenes does not know the function {other}"),
    }
}
