//! Stripe's signature: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>...]`, HMAC-SHA256 of
//! `<t>.<body>` with the endpoint's secret as it is printed, `whsec_` included.
//!
//! Source: <https://docs.stripe.com/webhooks/signature>. Other versions (`v0`) are test signatures
//! and prove nothing.

use crate::webhook::timed::TimedSignature;

pub(super) const SIGNATURE: TimedSignature = TimedSignature {
    header: "stripe-signature",
    separator: ',',
    time: "t",
    signature: "v1",
    joint: b".",
    // Stripe's own libraries allow this age; we allow no more of the future than of the past.
    tolerance_seconds: 300,
};

#[cfg(test)]
mod tests;
