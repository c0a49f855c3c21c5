//! How AWS is reached: one TLS stack (rustls with ring), short timeouts, per-service endpoints.

use std::{collections::BTreeMap, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
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

/// The SDK's configuration of a function: Lambda tells region and credentials by variables.
///
/// The SDK's own loader would look for them in files and ask servers too. No function can use that, and
/// each would carry it, with a client of another service for it.
pub(crate) fn of_function(variables: &BTreeMap<String, String>) -> SdkConfig {
    let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let credentials = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let credentials = credentials.map(|(id, key)| {
        let credentials = Credentials::new(id, key, variable("AWS_SESSION_TOKEN"), None, "environment");
        SharedCredentialsProvider::new(credentials)
    });
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new))
        .http_client(http())
        .retry_config(retries())
        .timeout_config(timeouts());
    config.set_credentials_provider(credentials).set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    config.build()
}

/// The SDK's configuration of a command, which finds credentials wherever the AWS tools do.
pub(crate) async fn of_command() -> SdkConfig {
    aws_config::from_env().http_client(http()).retry_config(retries()).timeout_config(timeouts()).load().await
}

/// The only HTTP client that we build for the SDK.
///
/// The SDK's own default client is compiled out: it would bring a second TLS stack with a C
/// library that takes minutes to build and more time at every cold start.
fn http() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build()
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

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::ProvideCredentials;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> SdkConfig {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        of_function(&variables.iter().map(owned).collect())
    }

    #[tokio::test]
    async fn a_function_has_what_lambda_tells() {
        let config = of(&[
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ]);
        assert_eq!(config.region().unwrap().as_ref(), "eu-central-1");
        assert_eq!(config.endpoint_url(), None);
        let credentials = config.credentials_provider().unwrap().provide_credentials().await.unwrap();
        assert_eq!((credentials.access_key_id(), credentials.secret_access_key()), ("id", "key"));
        assert_eq!(credentials.session_token(), Some("token"));
    }

    #[test]
    fn the_local_stack_is_reached_by_its_variables() {
        let config = of(&[("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]);
        assert_eq!(config.region().unwrap().as_ref(), "us-east-1");
        assert_eq!(config.endpoint_url(), Some("http://127.0.0.1:1"));
        assert!(
            of(&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "key")])
                .credentials_provider()
                .is_none()
        );
    }
}
