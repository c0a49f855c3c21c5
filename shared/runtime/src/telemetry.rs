//! Logs and metrics.
//!
//! Field names are dotted (`http.route`, `error.cause`). What is never logged: bodies, tokens,
//! e-mail addresses, network addresses, bank and tax data. Causes are written by our own errors
//! and the SDK's, which name operations and codes, not values.

use std::{error::Error as StdError, str::FromStr};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::Environment;

const NAMESPACE: &str = "Tributary";

/// Sets up the log as Lambda's own variables ask for: `AWS_LAMBDA_LOG_FORMAT` (JSON or Text) and
/// `AWS_LAMBDA_LOG_LEVEL`. A second call in one process changes nothing.
pub(crate) fn init(environment: &Environment) {
    let level = environment.raw("AWS_LAMBDA_LOG_LEVEL").unwrap_or("INFO");
    // The SDK and the HTTP stack speak only when something is wrong: at debug they print headers.
    let filter = Targets::from_str(&level.to_ascii_lowercase())
        .unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO))
        .with_target("aws_smithy_runtime", tracing::Level::WARN)
        .with_target("hyper_util", tracing::Level::WARN)
        .with_target("reqwest", tracing::Level::WARN);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false);
    let text =
        environment.raw("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("text"));
    let lines = if text {
        lines.without_time().boxed()
    } else {
        // With `timestamp` and `level` in place, Lambda filters by level itself.
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    };
    // Fails only when a log is set up already, which then stays.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(code.location = place, "panic");
    }));
}

/// An error and its causes in one line.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let next = cause.to_string();
        // Wrappers often repeat what they wrap.
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = cause.source();
    }
    text
}

/// Counts something in CloudWatch, by way of the log (embedded metric format): no call, no client,
/// and nothing that could fail.
#[expect(
    clippy::print_stdout,
    reason = "the embedded metric format is a line on standard output by definition"
)]
pub fn metric(name: &str, value: u64, dimensions: &[(&str, &str)], now: Timestamp) {
    println!("{}", embedded(name, value, dimensions, now));
}

fn embedded(name: &str, value: u64, dimensions: &[(&str, &str)], now: Timestamp) -> Value {
    let names: Vec<_> = dimensions.iter().map(|(dimension, _)| *dimension).collect();
    let mut line =
        Map::from_iter(dimensions.iter().map(|(dimension, text)| ((*dimension).to_owned(), json!(text))));
    line.insert(name.to_owned(), json!(value));
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [names],
                "Metrics": [{ "Name": name, "Unit": "Count" }],
            }],
        }),
    );
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn a_chain_names_every_cause() {
        let error = Outer("x".parse::<u8>().unwrap_err());
        assert_eq!(chain(&error), "outer: invalid digit found in string");
    }

    #[test]
    fn a_metric_has_the_embedded_format() {
        let line = embedded("Parked", 1, &[("source", "conversions")], Timestamp::UNIX_EPOCH);
        assert_eq!(line["Parked"], 1);
        assert_eq!(line["source"], "conversions");
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "Tributary");
        assert_eq!(metrics["Dimensions"], json!([["source"]]));
        assert_eq!(metrics["Metrics"], json!([{ "Name": "Parked", "Unit": "Count" }]));
    }
}
