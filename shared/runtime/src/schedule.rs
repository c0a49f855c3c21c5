//! Work that the clock starts.

use jiff::Timestamp;

use crate::{panic::caught, worker::Outcome};

/// Runs a scheduled function once. A panic is a failure like any other: the schedule comes again.
///
/// # Errors
/// When the handler failed.
pub async fn run<D, H, F>(deps: D, handle: H, now: Timestamp) -> Outcome
where
    H: Fn(D, Timestamp) -> F,
    F: Future<Output = Outcome>,
{
    caught(async { handle(deps, now).await }).await.unwrap_or_else(|panicked| Err(panicked.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::Failure;

    #[tokio::test]
    async fn a_panic_is_a_failure_to_be_tried_again() {
        async fn handle((): (), _: Timestamp) -> Outcome {
            panic!("clock")
        }
        let failure = run((), handle, Timestamp::UNIX_EPOCH).await.unwrap_err();
        assert!(matches!(failure, Failure::Retry(_)), "{failure}");
    }
}
