//! Positive and negative vectors.

use super::PaddleWebhooks;
use crate::webhook::{WebhookSender, testing::TimedVectors};

const VECTORS: TimedVectors = TimedVectors {
    sender: &PaddleWebhooks,
    header: "paddle-signature",
    separator: ';',
    time: "ts",
    signature: "h1",
    other: "h2",
    joint: ":",
    tolerance: 60,
    secret: "pdl_ntfset_test",
    good: "9c9c80cd4c0fd30f00fdc8c06ab5e73a5687b48618d76c294515321fa3e293cc",
};

#[test]
fn a_genuine_signature_passes_in_every_form_and_nothing_else() {
    VECTORS.hold();
}

#[test]
fn only_what_begins_like_a_destinations_secret_is_one() {
    for (secret, fits) in [("pdl_ntfset_1", true), ("pdl_ntfset_", false), ("pdl_live_apikey_1", false)] {
        assert_eq!(PaddleWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}
