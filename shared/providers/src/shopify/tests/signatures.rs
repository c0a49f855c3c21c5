//! Positive and negative vectors.

use super::ShopifyWebhooks;
use crate::webhook::{WebhookSender, testing::DigestVectors};

const VECTORS: DigestVectors = DigestVectors {
    sender: &ShopifyWebhooks,
    header: "x-shopify-hmac-sha256",
    encode: |digest| data_encoding::BASE64.encode(digest),
    secret: "shpss_test",
    good: "4UNmRoWc0MD1lBUJV8fIYXw9EwRpnXRaxmaumFjSXWU=",
    wrong: &[
        "4UNmRoWc0MD1lBUJV8fIYXw9EwRpnXRaxmaumFjSXWQ=",
        "5UNmRoWc0MD1lBUJV8fIYXw9EwRpnXRaxmaumFjSXWU=",
        // The digest in hexadecimal, which reads as Base64 of something else.
        "e1436646859cd0c0f594150957c7c8617c3d1304699d745ac666ae9858d25d65",
    ],
    malformed: &[
        "=",
        "a",
        "4UNmRoWc0MD1lBUJV8fIYXw9EwRpnXRaxmaumFjSXWU",
        "-UNmRoWc0MD1lBUJV8fIYXw9EwRpnXRaxmaumFjSXWU=",
    ],
};

#[test]
fn the_genuine_digest_passes_and_nothing_else() {
    VECTORS.hold();
}

#[test]
fn a_token_for_the_api_is_no_signing_secret() {
    for (secret, fits) in
        [("shpss_1234", true), ("0123456789abcdef", true), ("shpat_1234", false), ("", false)]
    {
        assert_eq!(ShopifyWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}
