//! Positive and negative vectors.

use super::LemonSqueezyWebhooks;
use crate::webhook::{
    WebhookSender,
    testing::{BODY, DigestVectors, TIME, headers, verify},
};

const VECTORS: DigestVectors = DigestVectors {
    sender: &LemonSqueezyWebhooks,
    header: "x-signature",
    encode: |digest| data_encoding::HEXLOWER.encode(digest),
    secret: "ls_test_secret",
    good: "c47a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615cd",
    wrong: &[
        "c47a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615cc",
        "047a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615cd",
        "c47a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615",
        "c47a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615cd00",
    ],
    malformed: &[
        "zz",
        "a",
        "c47a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615c",
        "sha256=c47a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615cd",
    ],
};

#[test]
fn the_genuine_digest_passes_and_nothing_else() {
    VECTORS.hold();
}

#[test]
fn upper_case_is_accepted() {
    let headers = headers(&[(VECTORS.header, &VECTORS.good.to_uppercase())]);
    assert_eq!(verify(&LemonSqueezyWebhooks, &[VECTORS.secret.as_bytes()], &headers, BODY, TIME), Ok(()));
}

#[test]
fn a_secret_has_6_to_40_characters() {
    for (length, fits) in [(5, false), (6, true), (40, true), (41, false)] {
        assert_eq!(LemonSqueezyWebhooks.check_secret(&"x".repeat(length)).is_ok(), fits, "{length}");
    }
}
