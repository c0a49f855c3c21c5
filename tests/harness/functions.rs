//! The functions' handlers, each in the environment that the template gives it.

use std::{cell::RefCell, collections::BTreeMap, error::Error as StdError, future::Future, rc::Rc};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig};
use aws_lambda_events::{
    apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    dynamodb,
    sqs::{SqsBatchResponse, SqsEvent},
    streams::DynamoDbEventResponse,
};
use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use runtime::{
    Afterwards, Answer, Caller, Change, Credentials as Shown, Environment, FromEnvironment, Message, Outcome,
    Problem, Request, authorizer::Decision,
};
use serde_json::Value;

use crate::{crashes::Lived, template::Template, world::World};

/// Answers HTTP events.
pub type Answerer = Rc<dyn Fn(ApiGatewayV2httpRequest) -> LocalBoxFuture<'static, ApiGatewayV2httpResponse>>;
/// What an authorizer answers, or that it could not.
pub type Decided = Result<Decision, Box<dyn StdError + Send + Sync>>;
/// Answers the authorizer's events.
pub type Authorizer = Rc<dyn Fn(Value, Timestamp) -> LocalBoxFuture<'static, Decided>>;
/// Takes batches of messages.
pub type Consumer = Rc<dyn Fn(SqsEvent, Timestamp) -> LocalBoxFuture<'static, SqsBatchResponse>>;
/// Takes batches of the table's changes.
pub type Reactor = Rc<dyn Fn(dynamodb::Event, Timestamp) -> LocalBoxFuture<'static, DynamoDbEventResponse>>;
/// Runs when the clock says so.
pub type Ticker = Rc<dyn Fn(Timestamp) -> LocalBoxFuture<'static, Outcome>>;

/// The environment of a function: the variables that the template gives it and no others.
#[must_use]
pub fn environment(world: &World, binary: &str) -> Environment {
    let function = Template::get().function(binary);
    let mut variables = BTreeMap::from([
        ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), world.table.url().to_owned()),
        ("AWS_ENDPOINT_URL_SQS".to_owned(), world.cloud.url.clone()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), world.cloud.url.clone()),
    ]);
    for name in function.variables.keys() {
        let value = world.settings.get(name.as_str());
        let value = value.unwrap_or_else(|| panic!("{binary}: nothing is known of the variable {name}"));
        variables.insert(name.clone(), value.clone());
    }
    let credentials = Credentials::new(world.table.access_key(), "test", None, None, "test");
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(
            world
                .between
                .over(&function.binary, world.crashes.over(&function.binary, world.breaches.guard(function))),
        )
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .build();
    Environment::new(variables, aws)
}

async fn build<D: FromEnvironment>(environment: &Environment, binary: &str) -> D {
    let deps = D::from_environment(environment).await;
    deps.unwrap_or_else(|error| panic!("{binary} cannot start as template.yaml sets it up: {error}"))
}

async fn serve<D, H, F>(world: &World, binary: &str, handle: H) -> Answerer
where
    D: FromEnvironment,
    H: Fn(D, Request) -> F + Send + Sync + Copy + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let deps: D = build(&environment(world, binary), binary).await;
    let (crashes, binary) = (world.crashes.clone(), binary.to_owned());
    Rc::new(move |event| {
        let (deps, crashes, binary) = (deps.clone(), crashes.clone(), binary.clone());
        Box::pin(async move {
            let (gone_out, left) = (RefCell::default(), Afterwards::default());
            let work = async {
                let response = runtime::http::answer(deps, handle, event, left.clone()).await;
                gone_out.replace(response);
                left.finish().await;
            };
            let _lived = crashes.live(&binary, work).await;
            // Whoever dies afterwards has answered. Who dies before gives no answer.
            gone_out.into_inner()
        })
    })
}

async fn consume<D, M, H, F>(world: &World, binary: &str, handle: H) -> Consumer
where
    D: FromEnvironment,
    M: Message + 'static,
    H: Fn(D, M, Timestamp) -> F + Copy + 'static,
    F: Future<Output = Outcome> + 'static,
{
    let environment = environment(world, binary);
    let (deps, store): (D, _) = (build(&environment, binary).await, environment.store().unwrap());
    let (crashes, binary) = (world.crashes.clone(), binary.to_owned());
    Rc::new(move |event, now| {
        let (deps, store, crashes, binary) = (deps.clone(), store.clone(), crashes.clone(), binary.clone());
        Box::pin(async move {
            let ids: Vec<_> = event.records.iter().filter_map(|message| message.message_id.clone()).collect();
            let work = runtime::sqs::process_batch(&store, deps, handle, event, now);
            match crashes.live(&binary, work).await {
                Lived::Whole(answer) | Lived::CutOff(answer) => answer,
                Lived::Died => {
                    let mut all = SqsBatchResponse::default();
                    all.set_failures(ids);
                    all
                }
            }
        })
    })
}

async fn react<D, H, F>(world: &World, binary: &str, handle: H) -> Reactor
where
    D: FromEnvironment,
    H: Fn(D, Change, Timestamp) -> F + Copy + 'static,
    F: Future<Output = Outcome> + 'static,
{
    let environment = environment(world, binary);
    let (deps, store): (D, _) = (build(&environment, binary).await, environment.store().unwrap());
    let (crashes, binary) = (world.crashes.clone(), binary.to_owned());
    Rc::new(move |event, now| {
        let (deps, store, crashes, binary) = (deps.clone(), store.clone(), crashes.clone(), binary.clone());
        Box::pin(async move {
            let again = event.clone();
            let work = runtime::stream::process_batch(&store, deps.clone(), handle, event, now);
            match crashes.live(&binary, work).await {
                Lived::Whole(answer) => answer,
                Lived::CutOff(answer) if answer.batch_item_failures.is_empty() => answer,
                // The stream stands still until its batch has gone through.
                _ => runtime::stream::process_batch(&store, deps, handle, again, now).await,
            }
        })
    })
}

async fn tick<D, H, F>(world: &World, binary: &str, handle: H) -> Ticker
where
    D: FromEnvironment,
    H: Fn(D, Timestamp) -> F + Copy + 'static,
    F: Future<Output = Outcome> + 'static,
{
    let deps: D = build(&environment(world, binary), binary).await;
    let (crashes, binary) = (world.crashes.clone(), binary.to_owned());
    Rc::new(move |now| {
        let (deps, crashes, binary) = (deps.clone(), crashes.clone(), binary.clone());
        Box::pin(async move {
            match crashes.live(&binary, runtime::schedule::run(deps.clone(), handle, now)).await {
                Lived::Whole(outcome) | Lived::CutOff(outcome @ Ok(())) => outcome,
                // The schedule comes again.
                _ => runtime::schedule::run(deps, handle, now).await,
            }
        })
    })
}

async fn authorize<D, H, F>(world: &World, handle: H) -> Authorizer
where
    D: FromEnvironment,
    H: Fn(D, Shown, Timestamp) -> F + Copy + 'static,
    F: Future<Output = Result<Caller, Problem>> + 'static,
{
    let deps: D = build(&environment(world, "authorize"), "authorize").await;
    Rc::new(move |event, now| {
        let event = serde_json::from_value(event).unwrap();
        Box::pin(runtime::authorizer::decide(deps.clone(), handle, event, now))
    })
}

/// The authorizer.
pub async fn authorizer(world: &World) -> Authorizer {
    authorize(world, authorize::handle).await
}

/// The function that answers a route.
pub async fn answerer(world: &World, binary: &str) -> Answerer {
    macro_rules! choose {
        ($($name:literal => $package:ident,)*) => {
            match binary {
                $($name => serve(world, binary, $package::handle).await,)*
                other => panic!("tests/harness/functions.rs does not know the function {other}"),
            }
        };
    }
    choose! {
        "accept-agreement" => accept_agreement,
        "adjust-commission" => adjust_commission,
        "approve-application" => approve_application,
        "create-api-key" => create_api_key,
        "create-coupon" => create_coupon,
        "create-program" => create_program,
        "create-webhook-endpoint" => create_webhook_endpoint,
        "decide-commission" => decide_commission,
        "disable-coupon" => disable_coupon,
        "disable-link" => disable_link,
        "discard-parked-message" => discard_parked_message,
        "explain-commission" => explain_commission,
        "follow-link" => follow_link,
        "generate-link" => generate_link,
        "get-conversion" => get_conversion,
        "get-dashboard" => get_dashboard,
        "get-link-qr-code" => get_link_qr_code,
        "get-payout-eligibility" => get_payout_eligibility,
        "get-profile" => get_profile,
        "list-applications" => list_applications,
        "list-commissions" => list_commissions,
        "list-coupons" => list_coupons,
        "list-exchange-rates" => list_exchange_rates,
        "list-links" => list_links,
        "list-missing-exchange-rates" => list_missing_exchange_rates,
        "list-own-coupons" => list_own_coupons,
        "list-parked-messages" => list_parked_messages,
        "list-payouts" => list_payouts,
        "list-referrals" => list_referrals,
        "list-tier-changes" => list_tier_changes,
        "list-webhook-endpoints" => list_webhook_endpoints,
        "list-webhook-events" => list_webhook_events,
        "publish-exchange-rates" => publish_exchange_rates,
        "publish-plan" => publish_plan,
        "receive-webhook" => receive_webhook,
        "record-conversion" => record_conversion,
        "record-conversions" => record_conversions,
        "register-partner" => register_partner,
        "reject-application" => reject_application,
        "replay-program" => replay_program,
        "replay-webhook-event" => replay_webhook_event,
        "request-payout" => request_payout,
        "retry-parked-message" => retry_parked_message,
        "rotate-webhook-secret" => rotate_webhook_secret,
        "set-payout-method" => set_payout_method,
        "simulate-plan" => simulate_plan,
        "start-identity-check" => start_identity_check,
        "update-profile" => update_profile,
    }
}

/// The worker of a queue.
pub async fn consumer(world: &World, binary: &str) -> Consumer {
    match binary {
        "calculate-commission" => consume(world, binary, calculate_commission::handle).await,
        "mature-commissions" => consume(world, binary, mature_commissions::handle).await,
        "execute-payout" => consume(world, binary, execute_payout::handle).await,
        other => panic!("tests/harness/functions.rs does not know the worker {other}"),
    }
}

/// The follower of the table's stream.
pub async fn reactor(world: &World, binary: &str) -> Reactor {
    match binary {
        "publish-events" => react(world, binary, publish_events::handle).await,
        other => panic!("tests/harness/functions.rs does not know the follower {other}"),
    }
}

/// A scheduled function.
pub async fn ticker(world: &World, binary: &str) -> Ticker {
    match binary {
        "audit-ledger" => tick(world, binary, audit_ledger::handle).await,
        "evaluate-bonuses" => tick(world, binary, evaluate_bonuses::handle).await,
        "evaluate-maturity" => tick(world, binary, evaluate_maturity::handle).await,
        "evaluate-tiers" => tick(world, binary, evaluate_tiers::handle).await,
        "publish-missed-events" => tick(world, binary, publish_missed_events::handle).await,
        "reconcile-payouts" => tick(world, binary, reconcile_payouts::handle).await,
        other => panic!("tests/harness/functions.rs does not know the schedule {other}"),
    }
}
