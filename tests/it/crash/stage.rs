//! What every case begins with, and what a case is.

use futures_util::future::LocalBoxFuture;
use serde_json::json;
use tests::{
    Call, World,
    story::{Partner, Program, application, plan, program_request, text},
    stripe::Endpoint,
};

/// A step of a case.
pub(crate) type Step = for<'w> fn(&'w World, &'w Stage) -> LocalBoxFuture<'w, ()>;

/// A function at work.
pub(crate) struct Case {
    /// What happens.
    pub(crate) name: &'static str,
    /// The function that crashes.
    pub(crate) binary: &'static str,
    /// What happens before.
    pub(crate) setup: Step,
    /// What the function is a part of. Who calls, calls again after a 5xx.
    pub(crate) act: Step,
    /// Entities and attributes that need not be there after a crash before they were written.
    pub(crate) may_lose: &'static [&'static str],
}

/// A case.
pub(crate) fn case(name: &'static str, binary: &'static str, setup: Step, act: Step) -> Case {
    Case { name, binary, setup, act, may_lose: &[] }
}

impl Case {
    /// The same case, in which these may get lost: what is done after the answer is done once or not
    /// at all.
    pub(crate) fn may_lose(self, may_lose: &'static [&'static str]) -> Self {
        Self { may_lose, ..self }
    }
}

/// Where all cases play.
pub(crate) struct Stage {
    /// Approves everybody; the youngest of three generations has a link, a click and an account.
    pub(crate) program: Program,
    pub(crate) kid: Partner,
    pub(crate) slug: String,
    pub(crate) click: String,
    pub(crate) endpoint: Endpoint,
    /// Decides on applications; `kid` has applied.
    pub(crate) strict: Program,
}

impl Stage {
    /// A new coupon of `kid`, or the one that is there.
    pub(crate) async fn coupon(&self, world: &World) -> String {
        let target = format!("/admin/coupons?program_id={}", self.program.id);
        let coupons = world.admin("GET", &target).expect(200).await;
        match coupons["data"].as_array().and_then(|coupons| coupons.first()) {
            Some(coupon) => text(&coupon["id"]),
            None => world.coupon(&self.program, &self.kid, "SUMMER10").await,
        }
    }

    /// The path of a decision on the application of `kid`.
    pub(crate) fn decision(&self, verb: &str) -> String {
        format!("/admin/programs/{}/applications/{}/{verb}", self.strict.id, self.kid.id)
    }
}

/// A world with its stage.
pub(crate) async fn prepare() -> (World, Stage) {
    let mut world = World::start().await;
    let providers = world.crashes.in_front_of(world.payments.clone()).await;
    for name in ["STRIPE_API_URL", "PAYPAL_API_URL"] {
        world.settings.insert(name, providers.clone());
    }
    let program = world.program().await;
    let mut request = program_request();
    request["auto_approve"] = json!(false);
    let strict = world.program_with(&request, &plan()).await;
    let [_, _, kid] = world.three_generations(&program).await;
    let body = application(&strict.id, "kid", None);
    world.partner("kid", "POST", "/affiliate/register").json(&body).expect(201).await;
    let slug = world.link(&program, &kid).await;
    let click = world.click(&slug).await;
    let endpoint = world.endpoint(&program).await;
    world.stripe_account(&kid, "acct_kid").await;
    world.settle().await;
    (world, Stage { program, kid, slug, click, endpoint, strict })
}

/// Calls, and calls again after an answer that says so, as every client should.
pub(crate) async fn insist(call: Call<'_>) -> tests::Reply {
    for _ in 0..3 {
        let reply = call.clone().send().await;
        if reply.status < 500 {
            return reply;
        }
    }
    panic!("{} {} does not recover", call.method, call.path);
}

/// Calls until there is an answer that stands, which must not be a refusal other than a conflict:
/// what has no key says so when it was done before.
pub(crate) async fn done(call: Call<'_>) {
    let reply = insist(call).await;
    assert!(reply.status < 400 || reply.status == 409, "{}: {}", reply.status, reply.text);
}

/// Nothing has to happen before.
pub(crate) fn nothing<'w>(_: &'w World, _: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async {})
}

/// The commission of `kid` on the latest sale.
pub(crate) async fn latest_commission(world: &World, stage: &Stage) -> String {
    text(&world.commissions(&stage.program, &stage.kid).await[0]["id"])
}
