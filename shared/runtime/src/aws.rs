//! How AWS is reached: one TLS stack (rustls with ring), short timeouts, per-service endpoints.

use std::time::Duration;

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{Environment, Error, Variable};

// API Gateway gives up after 30 seconds and these services answer within milliseconds: a call
// that takes longer than this is better repeated on another connection.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(3);
const ATTEMPTS: u32 = 3;

/// The SDK's configuration from the process, with the only HTTP client that we build for it.
///
/// The SDK's own default client is compiled out: it would bring a second TLS stack with a C
/// library that takes minutes to build and more time at every cold start.
pub(crate) async fn load() -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::from_env()
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build(),
        )
        .load()
        .await
}

pub(crate) fn dynamodb(environment: &Environment) -> aws_sdk_dynamodb::Client {
    // The store repeats what failed itself: it knows which writes are safe to repeat, and two
    // layers of attempts would multiply.
    let mut config =
        aws_sdk_dynamodb::config::Builder::from(environment.aws()).retry_config(RetryConfig::disabled());
    if let Some(endpoint) = environment.endpoint("DYNAMODB") {
        config = config.endpoint_url(endpoint);
    }
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

pub(crate) fn sqs(environment: &Environment) -> aws_sdk_sqs::Client {
    let mut config = aws_sdk_sqs::config::Builder::from(environment.aws());
    if let Some(endpoint) = environment.endpoint("SQS") {
        config = config.endpoint_url(endpoint);
    }
    aws_sdk_sqs::Client::from_conf(config.build())
}

pub(crate) fn secrets_manager(environment: &Environment) -> aws_sdk_secretsmanager::Client {
    let mut config = aws_sdk_secretsmanager::config::Builder::from(environment.aws());
    if let Some(endpoint) = environment.endpoint("SECRETS_MANAGER") {
        config = config.endpoint_url(endpoint);
    }
    aws_sdk_secretsmanager::Client::from_conf(config.build())
}

/// Fetches a secret and reads it as JSON.
pub(crate) async fn secret<T: DeserializeOwned>(
    environment: &Environment,
    variable: Variable,
) -> Result<T, Error> {
    let failed = |cause| Error::Secret { name: variable.name(), cause };
    let answer = secrets_manager(environment)
        .get_secret_value()
        .secret_id(environment.variable(variable)?)
        .send()
        .await
        .map_err(|error| failed(error.into()))?;
    let text = Zeroizing::new(answer.secret_string.unwrap_or_default());
    // serde's message may quote the text it could not read, so only its place is passed on.
    serde_json::from_str(&text).map_err(|error| {
        failed(format!("not the expected JSON at line {}, column {}", error.line(), error.column()).into())
    })
}
