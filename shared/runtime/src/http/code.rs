//! Every kind of problem that the API answers with.
//!
//! The codes are part of the contract: clients branch on them, so a code never changes its
//! meaning. `docs/problems.md` has one section for each; a test compares the two.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $retry:ident, $title:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// Can the same request succeed later, with nothing changed by the caller?
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => codes!(@ $retry),)+ }
            }

            /// One sentence that is the same for every problem of this kind.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
    (@ retryable) => { true };
    (@ permanent) => { false };
}

codes! {
    /// The body is not JSON, or not there.
    UnreadableBody = "unreadable_body", 400, permanent, "The body could not be read";
    /// A cursor that we did not give out, or gave out for another list.
    InvalidCursor = "invalid_cursor", 400, permanent, "The cursor does not belong to this list";
    /// A request that creates or moves money came without its key.
    IdempotencyKeyRequired = "idempotency_key_required", 400, permanent, "An Idempotency-Key is required";
    /// The key is empty, too long, or has characters a header should not carry.
    IdempotencyKeyInvalid = "idempotency_key_invalid", 400, permanent, "The Idempotency-Key is not usable";
    /// Nobody, as far as we can tell.
    Unauthenticated = "unauthenticated", 401, permanent, "Credentials are missing or not valid";
    /// A webhook that its sender did not sign.
    InvalidSignature = "invalid_signature", 401, permanent, "The signature is not valid";
    /// Somebody, but not allowed to do this.
    Forbidden = "forbidden", 403, permanent, "The caller may not do this";
    /// Not there, or not the caller's.
    NotFound = "not_found", 404, permanent, "There is no such thing";
    /// The thing is not in a state that allows this.
    Conflict = "conflict", 409, permanent, "The present state does not allow this";
    /// The address belongs to another partner.
    EmailTaken = "email_taken", 409, permanent, "The e-mail address is in use";
    /// The slug belongs to another link.
    SlugTaken = "slug_taken", 409, permanent, "The slug is in use";
    /// The partner has as many links as the program allows.
    LinkLimitReached = "link_limit_reached", 409, permanent, "The partner has as many links as it may have";
    /// The code belongs to a coupon already.
    CouponTaken = "coupon_taken", 409, permanent, "The code is in use";
    /// The accepted terms are not the ones in force.
    TermsOutdated = "terms_outdated", 409, permanent, "The accepted terms are not the current ones";
    /// Something stands between the partner and the payout; each blocker is listed.
    PayoutBlocked = "payout_blocked", 409, permanent, "The payout is blocked";
    /// The body is beyond the limit.
    BodyTooLarge = "body_too_large", 413, permanent, "The body is too large";
    /// The body is not JSON by its own account.
    UnsupportedMediaType = "unsupported_media_type", 415, permanent, "The content type is not supported";
    /// Understood, and one or more fields are wrong; each is listed.
    ValidationFailed = "validation_failed", 422, permanent, "One or more fields are not valid";
    /// The same key, another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, permanent, "The Idempotency-Key was used for another request";
    /// Too many requests.
    RateLimited = "rate_limited", 429, retryable, "Too many requests";
    /// Our fault.
    Internal = "internal", 500, permanent, "Something went wrong on our side";
    /// The table, or somebody else we need, cannot be reached now.
    Unavailable = "unavailable", 503, retryable, "The service is not available at the moment";
}
