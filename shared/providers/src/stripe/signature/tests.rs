//! Positive and negative vectors.

use crate::{
    stripe::StripeWebhooks,
    webhook::{WebhookSender, testing::TimedVectors},
};

const VECTORS: TimedVectors = TimedVectors {
    sender: &StripeWebhooks,
    header: "stripe-signature",
    separator: ',',
    time: "t",
    signature: "v1",
    other: "v0",
    joint: ".",
    tolerance: 300,
    secret: "whsec_test_secret",
    good: "fa2855d9478a1cd5c9edff5796ff8681b07391550436fd2ecb7d5fbc95ca37f2",
};

#[test]
fn a_genuine_signature_passes_in_every_form_and_nothing_else() {
    VECTORS.hold();
}

#[test]
fn only_what_begins_like_a_signing_secret_is_one() {
    for (secret, fits) in [("whsec_1", true), ("whsec_", false), ("sk_live_1", false), ("whsec_1\n", false)] {
        assert_eq!(StripeWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}
