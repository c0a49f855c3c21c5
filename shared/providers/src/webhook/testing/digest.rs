//! Vectors of signatures that are the digest of the body, and sign no time.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{BODY, TIME, headers, verify};
use crate::webhook::{
    InvalidSignature::{self, Malformed, Mismatch, Missing},
    WebhookSender, hmac,
};

/// One sender's scheme in the words of its documents, and a signature computed apart from this code.
pub(crate) struct DigestVectors {
    pub sender: &'static dyn WebhookSender,
    pub header: &'static str,
    /// How the digest is written.
    pub encode: fn(&[u8]) -> String,
    pub secret: &'static str,
    /// Of [`BODY`] with the secret.
    pub good: &'static str,
    /// Digests of something else, or of too few or too many bytes, in the same writing.
    pub wrong: &'static [&'static str],
    /// What is in another writing.
    pub malformed: &'static [&'static str],
}

impl DigestVectors {
    /// The genuine digest passes, and nothing else.
    pub(crate) fn hold(&self) {
        self.the_digest_passes_under_either_of_two_live_secrets();
        self.anything_altered_is_refused();
        self.bytes_are_signed_as_they_are();
        self.a_header_that_is_missing_repeated_too_long_or_no_text_is_refused();
        proptest!(|(header in "[ -~]{0,200}", body: Vec<u8>)| prop_assert!(self.check(&header, &body).is_err()));
    }

    fn the_digest_passes_under_either_of_two_live_secrets(&self) {
        assert_eq!(self.check(self.good, BODY), Ok(()));
        let (header, own) = (self.headers(self.good), self.secret.as_bytes());
        for secrets in [[b"former".as_slice(), own], [own, b"former"], [b"", own]] {
            assert_eq!(self.verify(&secrets, &header, BODY), Ok(()));
        }
        for secrets in [&[][..], &[b"".as_slice()], &[b"another"]] {
            assert_eq!(self.verify(secrets, &header, BODY), Err(Mismatch));
        }
        assert_eq!(self.verify(&[b""], &self.headers(&self.signed(b"", BODY)), BODY), Err(Mismatch));
    }

    fn anything_altered_is_refused(&self) {
        for header in self.wrong {
            assert_eq!(self.check(header, BODY), Err(Mismatch), "{header}");
        }
        let half = &hmac::sign(self.secret.as_bytes(), &[BODY])[..16];
        for header in [(self.encode)(half), String::new()] {
            assert_eq!(self.check(&header, BODY), Err(Mismatch), "{header}");
        }
        let altered: [&[u8]; 3] =
            [br#"{"id":"evt_1","amount":1998}"#, b"", b"{\"id\":\"evt_1\",\"amount\":1999}\r\n"];
        for body in altered {
            assert_eq!(self.check(self.good, body), Err(Mismatch), "{body:?}");
        }
        for header in self.malformed {
            assert_eq!(self.check(header, BODY), Err(Malformed), "{header}");
        }
        for header in [format!("{} ", self.good), format!(" {}", self.good)] {
            assert_eq!(self.check(&header, BODY), Err(Malformed), "{header}");
        }
    }

    fn bytes_are_signed_as_they_are(&self) {
        let own = self.secret.as_bytes();
        for body in [b"{\r\n}".as_slice(), b"\xff\xfe\x00", b""] {
            assert_eq!(self.check(&self.signed(own, body), body), Ok(()));
        }
        assert_eq!(self.check(&self.signed(own, b"{\r\n}"), b"{\n}"), Err(Mismatch));
    }

    fn a_header_that_is_missing_repeated_too_long_or_no_text_is_refused(&self) {
        let verify = |headers: &HeaderMap| self.verify(&[self.secret.as_bytes()], headers, BODY);
        assert_eq!(verify(&HeaderMap::new()), Err(Missing));
        let mut twice = self.headers("AAAA");
        twice.append(HeaderName::from_static(self.header), HeaderValue::from_static(self.good));
        assert_eq!(verify(&twice), Err(Missing));
        assert_eq!(verify(&self.headers(&"AAAA".repeat(1025))), Err(Malformed));
        let mut binary = HeaderMap::new();
        binary.insert(HeaderName::from_static(self.header), HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(verify(&binary), Err(Malformed));
    }

    fn check(&self, header: &str, body: &[u8]) -> Result<(), InvalidSignature> {
        self.verify(&[self.secret.as_bytes()], &self.headers(header), body)
    }

    fn verify(&self, secrets: &[&[u8]], headers: &HeaderMap, body: &[u8]) -> Result<(), InvalidSignature> {
        verify(self.sender, secrets, headers, body, TIME)
    }

    fn headers(&self, value: &str) -> HeaderMap {
        headers(&[(self.header, value)])
    }

    fn signed(&self, secret: &[u8], body: &[u8]) -> String {
        (self.encode)(&hmac::sign(secret, &[body]))
    }
}
