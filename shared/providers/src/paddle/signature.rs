//! Paddle's signature: `Paddle-Signature: ts=<seconds>;h1=<hex>[;h1=<hex>]`, HMAC-SHA256 of
//! `<ts>:<body>` with the destination's secret as it is shown, `pdl_ntfset_` included.
//!
//! Source: <https://developer.paddle.com/webhooks/signature-verification>. Two `h1` are there while one
//! secret replaces another.

use crate::webhook::timed::TimedSignature;

pub(super) const SIGNATURE: TimedSignature = TimedSignature {
    header: "paddle-signature",
    separator: ';',
    time: "ts",
    signature: "h1",
    joint: b":",
    // Paddle's own libraries allow five seconds, which a slow start or a clock a little off would
    // exceed; the event's id guards against the rest.
    tolerance_seconds: 60,
};
