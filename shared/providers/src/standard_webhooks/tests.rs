//! Vectors of the scheme, and every type of event.

mod events;
mod signatures;

use http::HeaderMap;

use crate::webhook::testing;

/// Headers of an event with these signatures.
fn headers(id: &str, timestamp: &str, signatures: &str) -> HeaderMap {
    testing::headers(&[
        ("webhook-id", id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signatures),
    ])
}
