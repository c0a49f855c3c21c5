//! The loops that ask Lambda for events. Each `main` is one call of one of these.
//!
//! What handles one event is boxed: some of these futures are tens of kilobytes, and unboxed they
//! would be copied on the stack of `main`.

use std::{convert::Infallible, error::Error as StdError, time::Duration};

use aws_lambda_events::{
    apigw::{ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayV2httpRequest},
    dynamodb,
    sqs::SqsEvent,
};
use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, Runtime, layers::TracingLayer, service_fn};
use serde::de::IgnoredAny;

use crate::{
    Answer, Caller, Change, Credentials, Environment, Error, FromEnvironment, Message, Outcome, Problem,
    Request, afterwards::Afterwards, authorizer, clock, http, schedule, sqs, stream, telemetry,
};

/// Lambda allows ten seconds for the start.
const WARM: Duration = Duration::from_secs(2);

/// What Lambda is told when an invocation as a whole failed.
type Fault = Box<dyn StdError + Send + Sync>;

/// Answers HTTP requests, and does what a handler left for afterwards before it asks for the next.
///
/// # Errors
/// When a dependency cannot be built or the loop ends.
pub async fn serve<D, H, F>(handle: H) -> Result<(), Error>
where
    D: FromEnvironment,
    H: Fn(D, Request) -> F + Send + Sync,
    F: Future<Output = Answer> + Send,
{
    let (_, deps) = start::<D>().await?;
    let (handle, afterwards) = (&handle, Afterwards::default());
    let service = service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| {
        let (deps, left) = (deps.clone(), afterwards.clone());
        Box::pin(async move { Ok::<_, Infallible>(http::answer(deps, handle, event.payload, left).await) })
    });
    let runtime = Runtime::new(service).layer(afterwards.clone()).layer(TracingLayer::new());
    runtime.run().await.map_err(Error::Loop)
}

/// Handles the messages of a queue.
///
/// # Errors
/// When a dependency cannot be built or the loop ends.
pub async fn consume<D, M, H, F>(handle: H) -> Result<(), Error>
where
    D: FromEnvironment,
    M: Message + Send,
    H: Fn(D, M, Timestamp) -> F + Send + Sync,
    F: Future<Output = Outcome> + Send,
{
    let (environment, deps) = start::<D>().await?;
    let (store, handle) = (&environment.store()?, &handle);
    let service = service_fn(|event: LambdaEvent<SqsEvent>| {
        let deps = deps.clone();
        Box::pin(async move {
            Ok::<_, Infallible>(sqs::process_batch(store, deps, handle, event.payload, clock::now()).await)
        })
    });
    lambda_runtime::run(service).await.map_err(Error::Loop)
}

/// Follows the table's stream.
///
/// # Errors
/// When a dependency cannot be built or the loop ends.
pub async fn react<D, H, F>(handle: H) -> Result<(), Error>
where
    D: FromEnvironment,
    H: Fn(D, Change, Timestamp) -> F + Send + Sync,
    F: Future<Output = Outcome> + Send,
{
    let (environment, deps) = start::<D>().await?;
    let (store, handle) = (&environment.store()?, &handle);
    let service = service_fn(|event: LambdaEvent<dynamodb::Event>| {
        let deps = deps.clone();
        Box::pin(async move {
            Ok::<_, Infallible>(stream::process_batch(store, deps, handle, event.payload, clock::now()).await)
        })
    });
    lambda_runtime::run(service).await.map_err(Error::Loop)
}

/// Runs when the clock says so.
///
/// # Errors
/// When a dependency cannot be built or the loop ends.
pub async fn tick<D, H, F>(handle: H) -> Result<(), Error>
where
    D: FromEnvironment,
    H: Fn(D, Timestamp) -> F + Send + Sync,
    F: Future<Output = Outcome> + Send,
{
    let (_, deps) = start::<D>().await?;
    let handle = &handle;
    let service = service_fn(|_: LambdaEvent<IgnoredAny>| {
        let deps = deps.clone();
        Box::pin(async move {
            let outcome = schedule::run(deps, handle, clock::now()).await;
            outcome.map_err(|failure| Fault::from(failure.to_string()))
        })
    });
    lambda_runtime::run(service).await.map_err(Error::Loop)
}

/// Decides who is calling.
///
/// # Errors
/// When a dependency cannot be built or the loop ends.
pub async fn authorize<D, H, F>(handle: H) -> Result<(), Error>
where
    D: FromEnvironment,
    H: Fn(D, Credentials, Timestamp) -> F + Send + Sync,
    F: Future<Output = Result<Caller, Problem>> + Send,
{
    let (_, deps) = start::<D>().await?;
    let handle = &handle;
    let service = service_fn(|event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| {
        let deps = deps.clone();
        Box::pin(async move { authorizer::decide(deps, handle, event.payload, clock::now()).await })
    });
    lambda_runtime::run(service).await.map_err(Error::Loop)
}

/// Everything before the first event.
async fn start<D: FromEnvironment>() -> Result<(Environment, D), Error> {
    let environment = Environment::of_function();
    telemetry::init(&environment);
    let deps = D::from_environment(&environment).await?;
    // Warming is a favour to the first request and must not cost the start.
    let _ = tokio::time::timeout(WARM, deps.warm()).await;
    Ok((environment, deps))
}
