//! Vectors of signatures that carry a time, as [`TimedSignature`](crate::webhook::timed) reads them.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{BODY, TIME, headers, verify};
use crate::webhook::{
    InvalidSignature::{self, Malformed, Mismatch, Missing, Stale},
    WebhookSender, hmac,
};

/// One sender's scheme in the words of its documents, and a signature computed apart from this code.
pub(crate) struct TimedVectors {
    pub sender: &'static dyn WebhookSender,
    pub header: &'static str,
    pub separator: char,
    /// What the time is called.
    pub time: &'static str,
    /// What a signature that counts is called.
    pub signature: &'static str,
    /// A signature of this name proves nothing.
    pub other: &'static str,
    /// Between time and body.
    pub joint: &'static str,
    /// Seconds either way.
    pub tolerance: i64,
    pub secret: &'static str,
    /// Of [`BODY`] at [`TIME`] with the secret.
    pub good: &'static str,
}

impl TimedVectors {
    /// Every genuine form passes, and nothing else.
    pub(crate) fn hold(&self) {
        self.every_genuine_form_passes();
        self.either_of_two_live_secrets_fits_and_an_empty_one_never();
        self.anything_altered_is_refused();
        self.bytes_are_signed_as_they_are();
        self.a_malformed_header_is_refused();
        self.a_header_that_is_missing_repeated_or_no_text_is_refused();
        self.a_time_too_far_away_is_refused();
        proptest!(|(header in "[ -~]{0,200}", body: Vec<u8>)| prop_assert!(self.check(&header, &body).is_err()));
    }

    fn every_genuine_form_passes(&self) {
        let Self { time, signature, other, good, .. } = self;
        let (at, wrong) = (format!("{time}={TIME}"), self.wrong());
        for header in [
            self.join(&[&at, &format!("{signature}={good}")]),
            self.join(&[&format!("{signature}={good}"), &at]),
            self.join(&[&at, &format!("{signature}={wrong}"), &format!("{signature}={good}")]),
            self.join(&[&at, &format!("{signature}=zz"), &format!("{signature}={good}")]),
            self.join(&[&at, &format!("{signature}={good}"), &format!("{other}={wrong}")]),
            self.join(&[&at, &format!("{signature}={}", good.to_uppercase())]),
        ] {
            assert_eq!(self.check(&header, BODY), Ok(()), "{header}");
        }
    }

    fn either_of_two_live_secrets_fits_and_an_empty_one_never(&self) {
        let (header, own) = (self.headers(&self.good()), self.secret.as_bytes());
        for secrets in [[b"former".as_slice(), own], [own, b"former"], [b"", own]] {
            assert_eq!(self.verify(&secrets, &header, BODY, TIME), Ok(()));
        }
        for secrets in [&[][..], &[b"".as_slice()], &[b"another"]] {
            assert_eq!(self.verify(secrets, &header, BODY, TIME), Err(Mismatch));
        }
        let header = self.headers(&self.signed(b"", BODY));
        assert_eq!(self.verify(&[b""], &header, BODY, TIME), Err(Mismatch));
    }

    fn anything_altered_is_refused(&self) {
        let Self { time, signature, other, good, .. } = self;
        let signed = |signature: &str| self.at(TIME, signature);
        for (header, body) in [
            (signed(&format!("{signature}={}", last_flipped(good))), BODY),
            (signed(&format!("{signature}={}", self.wrong())), BODY),
            (signed(&format!("{signature}={}", &good[..62])), BODY),
            (signed(&format!("{signature}=")), BODY),
            (signed(&format!("{signature}={good}00")), BODY),
            (signed(&format!("{other}={good}")), BODY),
            (format!("{time}={TIME}"), BODY),
            (self.at(TIME + 1, &format!("{signature}={good}")), BODY),
            (self.good(), br#"{"id":"evt_1","amount":1998}"#),
            (self.good(), b""),
            (self.good(), b"{\"id\":\"evt_1\",\"amount\":1999}\r\n"),
        ] {
            assert_eq!(self.check(&header, body), Err(Mismatch), "{header}");
        }
    }

    fn bytes_are_signed_as_they_are(&self) {
        let own = self.secret.as_bytes();
        for body in [b"{\r\n}".as_slice(), b"\xff\xfe\x00", b""] {
            assert_eq!(self.check(&self.signed(own, body), body), Ok(()));
        }
        assert_eq!(self.check(&self.signed(own, b"{\r\n}"), b"{\n}"), Err(Mismatch));
    }

    fn a_malformed_header_is_refused(&self) {
        let Self { separator, time, signature, good, .. } = self;
        let signed = format!("{signature}={good}");
        let foreign = if *separator == ',' { ';' } else { ',' };
        for header in [
            String::new(),
            (*time).to_owned(),
            "nonsense".to_owned(),
            signed.clone(),
            format!("{time}={TIME}{foreign}{signed}"),
            self.join(&[&format!("{time}={TIME}"), &format!("{time}={TIME}"), &signed]),
            self.join(&[&format!("{time}="), &signed]),
            self.join(&[&format!("{time}=+{TIME}"), &signed]),
            self.join(&[&format!("{time}=-{TIME}"), &signed]),
            self.join(&[&format!("{time}=0{TIME}"), &signed]),
            self.join(&[&format!("{time}= {TIME}"), &signed]),
            self.join(&[&format!("{time}=99999999999999999999"), &signed]),
            self.join(&[&self.good(), &"x".repeat(5000)]),
        ] {
            assert_eq!(self.check(&header, BODY), Err(Malformed), "{header}");
        }
    }

    fn a_header_that_is_missing_repeated_or_no_text_is_refused(&self) {
        let verify = |headers: &HeaderMap| self.verify(&[self.secret.as_bytes()], headers, BODY, TIME);
        assert_eq!(verify(&HeaderMap::new()), Err(Missing));
        let mut twice = self.headers(&self.good());
        twice.append(HeaderName::from_static(self.header), HeaderValue::from_static("x=1"));
        assert_eq!(verify(&twice), Err(Missing));
        let mut binary = HeaderMap::new();
        let value = [self.good().as_bytes(), b"\xff"].concat();
        binary.insert(HeaderName::from_static(self.header), HeaderValue::from_bytes(&value).unwrap());
        assert_eq!(verify(&binary), Err(Malformed));
    }

    fn a_time_too_far_away_is_refused(&self) {
        let (header, most) = (self.headers(&self.good()), self.tolerance);
        for (away, expected) in [
            (-301, Err(Stale)),
            (-most - 1, Err(Stale)),
            (-most, Ok(())),
            (most, Ok(())),
            (most + 1, Err(Stale)),
        ] {
            let verdict = self.verify(&[self.secret.as_bytes()], &header, BODY, TIME + away);
            assert_eq!(verdict, expected, "{away}");
        }
    }

    fn check(&self, header: &str, body: &[u8]) -> Result<(), InvalidSignature> {
        self.verify(&[self.secret.as_bytes()], &self.headers(header), body, TIME)
    }

    fn verify(
        &self,
        secrets: &[&[u8]],
        headers: &HeaderMap,
        body: &[u8],
        second: i64,
    ) -> Result<(), InvalidSignature> {
        verify(self.sender, secrets, headers, body, second)
    }

    fn headers(&self, value: &str) -> HeaderMap {
        headers(&[(self.header, value)])
    }

    fn good(&self) -> String {
        self.at(TIME, &format!("{}={}", self.signature, self.good))
    }

    fn at(&self, time: i64, signature: &str) -> String {
        self.join(&[&format!("{}={time}", self.time), signature])
    }

    fn wrong(&self) -> String {
        format!("0{}", &self.good[1..])
    }

    fn signed(&self, secret: &[u8], body: &[u8]) -> String {
        let signature = hmac::sign(secret, &[TIME.to_string().as_bytes(), self.joint.as_bytes(), body]);
        self.at(TIME, &format!("{}={}", self.signature, data_encoding::HEXLOWER.encode(&signature)))
    }

    fn join(&self, parts: &[&str]) -> String {
        parts.join(&self.separator.to_string())
    }
}

/// With its last digit changed.
fn last_flipped(signature: &str) -> String {
    let (rest, last) = signature.split_at(signature.len() - 1);
    format!("{rest}{}", if last == "3" { "4" } else { "3" })
}
