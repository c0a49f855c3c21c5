//! What makes a repeated request recognisable.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use store::idempotency::Idempotency;

use crate::{
    Caller,
    http::{Code, Problem},
};

const MAX_LEN: usize = 255;

/// Reads a caller's key for one operation. `request` is what makes it this request: method, path
/// and body. Another request under the same key is refused instead of answered with the first
/// one's answer.
pub(crate) fn of(
    key: Option<&str>,
    caller: &Caller,
    operation: &'static str,
    request: [&[u8]; 3],
) -> Result<Idempotency, Problem> {
    let key = key.ok_or_else(|| {
        Problem::new(Code::IdempotencyKeyRequired)
            .detail("send an Idempotency-Key header, unique to this request, and repeat it when you retry")
    })?;
    if key.is_empty() || key.len() > MAX_LEN || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::new(Code::IdempotencyKeyInvalid)
            .detail("an Idempotency-Key has 1 to 255 visible ASCII characters"));
    }
    Ok(Idempotency {
        caller: caller.scope(),
        operation,
        key: key.to_owned(),
        request_hash: fingerprint(request),
    })
}

/// Each part is preceded by its length, so that no two requests share a fingerprint by shifting
/// bytes from one part to the next.
fn fingerprint(parts: [&[u8]; 3]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    HEXLOWER.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AdminCaller;

    fn read(key: Option<&str>, body: &str) -> Result<Idempotency, Problem> {
        let caller = Caller::Admin(AdminCaller { subject: "9f0c".to_owned() });
        of(key, &caller, "create_program", [b"POST", b"/admin/programs", body.as_bytes()])
    }

    #[test]
    fn a_missing_key_is_told_apart_from_a_bad_one() {
        assert_eq!(read(None, "{}").unwrap_err().code(), Code::IdempotencyKeyRequired);
        for bad in ["", "two words", "umläut", &"k".repeat(256)] {
            assert_eq!(read(Some(bad), "{}").unwrap_err().code(), Code::IdempotencyKeyInvalid, "{bad}");
        }
        assert_eq!(read(Some(&"k".repeat(255)), "{}").unwrap().caller, "admin:9f0c");
    }

    #[test]
    fn another_body_is_another_request() {
        let first = read(Some("k"), r#"{"a":1}"#).unwrap();
        assert_eq!(first, read(Some("k"), r#"{"a":1}"#).unwrap());
        assert_ne!(first.request_hash, read(Some("k"), r#"{"a":2}"#).unwrap().request_hash);
    }

    #[test]
    fn bytes_shifted_between_parts_change_the_fingerprint() {
        assert_ne!(fingerprint([b"ab", b"c", b""]), fingerprint([b"a", b"bc", b""]));
    }
}
