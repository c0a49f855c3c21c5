//! Repeating what failed for a passing reason.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{error::Error, key::Key};

/// How often one write or read is sent at most.
pub(crate) const ATTEMPTS: u32 = 5;

/// Longest pause before the second attempt; it doubles with every further one.
const BASE: Duration = Duration::from_millis(25);

/// Waits before the attempt after `attempt`, which counts from 1.
pub(crate) async fn pause(keys: &[Key], attempt: u32) {
    tokio::time::sleep(delay(keys, attempt)).await;
}

/// Reads, and reads again when that failed for a passing reason: reading twice is harmless, and a
/// request that needs ten reads would otherwise fail ten times as often as the table does.
pub(crate) async fn read<T, F>(keys: &[Key], mut read: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut attempt = 1;
    loop {
        // On the heap: the SDK's futures are large, and every caller's would grow by theirs.
        match Box::pin(read()).await {
            Err(error) if error.is_retryable() && attempt < ATTEMPTS => pause(keys, attempt).await,
            done => return done,
        }
        attempt += 1;
    }
}

/// Half of the pause is fixed and half depends on the keys: writers that met on one item but
/// differ in their others do not meet again, and the same run gives the same pauses.
fn delay(keys: &[Key], attempt: u32) -> Duration {
    let mut hash = Sha256::new();
    for key in keys {
        hash.update(key.pk.as_bytes());
        hash.update(key.sk.as_bytes());
    }
    hash.update(attempt.to_be_bytes());
    let share = hash.finalize().first().copied().map_or(0, u32::from);
    let longest = BASE * 2_u32.saturating_pow(attempt.saturating_sub(1));
    longest / 2 + longest / 2 * share / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_stay_bounded_and_differ_by_key() {
        let key = |n: u32| Key { pk: n.to_string(), sk: "#".to_owned() };
        for attempt in 1..ATTEMPTS {
            let longest = BASE * 2_u32.pow(attempt - 1);
            let pauses: Vec<_> = (0..20).map(|n| delay(&[key(n)], attempt)).collect();
            assert!(pauses.iter().all(|pause| (longest / 2..=longest).contains(pause)));
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
        assert_eq!(delay(&[key(1)], 1), delay(&[key(1)], 1));
    }
}
