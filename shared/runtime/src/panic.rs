//! Turns a panic into a value, so that one bad record or request does not take others along.
//!
//! This works because the binaries unwind (`panic = "unwind"` in the root manifest).

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt;

/// A handler panicked. The text names no input: it is the message of the panic.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked: {message}")]
pub(crate) struct Panicked {
    message: String,
}

/// Runs a future and catches its panic.
///
/// The future is dropped when it panics and never polled again, and what it shares with later
/// calls (clients and keys) keeps no state that a panic could leave half changed: that is why
/// the assertion of unwind safety holds.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|payload| Panicked { message: message(payload.as_ref()) })
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_that_carries_its_message() {
        let caught: Result<(), _> = caught(async { panic!("number {}", 7) }).await;
        let error = caught.unwrap_err();
        assert_eq!(error.to_string(), "the handler panicked: number 7");
    }

    #[tokio::test]
    async fn a_value_passes_through() {
        assert_eq!(caught(async { 3 }).await.unwrap(), 3);
    }
}
