//! What every function is measured on: a deployment with people and money in it, and its sample
//! event with their ids, a fresh one for every invocation that writes.

mod reads;
mod workers;
mod writes;

use std::pin::Pin;

use ::tests::{
    World,
    story::{Partner, Program, plan, program_request, usd},
    stripe::Endpoint,
    world::START,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::park::{Parked, Queue};

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

/// A scene that is still to be set up.
pub(crate) type Setting = Pin<Box<dyn Future<Output = Scene>>>;

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

/// The scene of a function, if there is one.
pub(crate) fn of(function: &str) -> Option<Setting> {
    let setting: Setting = match function {
        "authorize" => Box::pin(reads::authorize()),
        "explain-commission" => Box::pin(reads::explain_commission()),
        "follow-link" => Box::pin(reads::follow_link()),
        "get-conversion" => Box::pin(reads::get_conversion()),
        "get-dashboard" => Box::pin(reads::get_dashboard()),
        "get-link-qr-code" => Box::pin(reads::get_link_qr_code()),
        "get-payout-eligibility" => Box::pin(reads::get_payout_eligibility()),
        "get-profile" => Box::pin(reads::get_profile()),
        "list-applications" => Box::pin(reads::list_applications()),
        "list-commissions" => Box::pin(reads::list_commissions()),
        "list-coupons" => Box::pin(reads::list_coupons()),
        "list-exchange-rates" => Box::pin(reads::list_exchange_rates()),
        "list-links" => Box::pin(reads::list_links()),
        "list-missing-exchange-rates" => Box::pin(reads::list_missing_exchange_rates()),
        "list-own-coupons" => Box::pin(reads::list_own_coupons()),
        "list-parked-messages" => Box::pin(reads::list_parked_messages()),
        "list-payouts" => Box::pin(reads::list_payouts()),
        "list-referrals" => Box::pin(reads::list_referrals()),
        "list-tier-changes" => Box::pin(reads::list_tier_changes()),
        "list-webhook-endpoints" => Box::pin(reads::list_webhook_endpoints()),
        "list-webhook-events" => Box::pin(reads::list_webhook_events()),
        "replay-program" => Box::pin(reads::replay_program()),
        "simulate-plan" => Box::pin(reads::simulate_plan()),
        "accept-agreement" => Box::pin(writes::accept_agreement()),
        "adjust-commission" => Box::pin(writes::adjust_commission()),
        "approve-application" => Box::pin(writes::approve_application()),
        "create-api-key" => Box::pin(writes::create_api_key()),
        "create-coupon" => Box::pin(writes::create_coupon()),
        "create-program" => Box::pin(writes::create_program()),
        "create-webhook-endpoint" => Box::pin(writes::create_webhook_endpoint()),
        "decide-commission" => Box::pin(writes::decide_commission()),
        "disable-coupon" => Box::pin(writes::disable_coupon()),
        "disable-link" => Box::pin(writes::disable_link()),
        "discard-parked-message" => Box::pin(writes::discard_parked_message()),
        "generate-link" => Box::pin(writes::generate_link()),
        "publish-exchange-rates" => Box::pin(writes::publish_exchange_rates()),
        "publish-plan" => Box::pin(writes::publish_plan()),
        "receive-webhook" => Box::pin(writes::receive_webhook()),
        "record-conversion" => Box::pin(writes::record_conversion()),
        "record-conversions" => Box::pin(writes::record_conversions()),
        "register-partner" => Box::pin(writes::register_partner()),
        "reject-application" => Box::pin(writes::reject_application()),
        "replay-webhook-event" => Box::pin(writes::replay_webhook_event()),
        "request-payout" => Box::pin(writes::request_payout()),
        "retry-parked-message" => Box::pin(writes::retry_parked_message()),
        "rotate-webhook-secret" => Box::pin(writes::rotate_webhook_secret()),
        "set-payout-method" => Box::pin(writes::set_payout_method()),
        "start-identity-check" => Box::pin(writes::start_identity_check()),
        "update-profile" => Box::pin(writes::update_profile()),
        "audit-ledger" => Box::pin(workers::audit_ledger()),
        "calculate-commission" => Box::pin(workers::calculate_commission()),
        "evaluate-bonuses" => Box::pin(workers::evaluate_bonuses()),
        "evaluate-maturity" => Box::pin(workers::evaluate_maturity()),
        "evaluate-tiers" => Box::pin(workers::evaluate_tiers()),
        "execute-payout" => Box::pin(workers::execute_payout()),
        "mature-commissions" => Box::pin(workers::mature_commissions()),
        "publish-events" => Box::pin(workers::publish_events()),
        "publish-missed-events" => Box::pin(workers::publish_missed_events()),
        "reconcile-payouts" => Box::pin(workers::reconcile_payouts()),
        _ => return None,
    };
    Some(setting)
}

#[cfg(test)]
mod tests {
    use ::tests::template::Template;

    use super::of;

    #[test]
    fn every_function_has_a_scene() {
        let names = Template::get().functions().iter().map(|function| function.binary.as_str());
        let missing: Vec<_> = names.filter(|name| of(name).is_none()).collect();
        assert!(missing.is_empty(), "no scene in infra/bench/src/scenes: {missing:?}");
    }
}
