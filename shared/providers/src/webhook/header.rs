//! One header of a delivery.

use http::HeaderMap;

use super::InvalidSignature;

/// What any sender puts into one header is far below this many bytes.
const HEADER_MAX: usize = 4096;

/// The text of the one header of this name, which is in lower case.
///
/// With two of them it would be unclear which one was signed: none counts.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, InvalidSignature> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(InvalidSignature::Missing) };
    value.to_str().ok().filter(|text| text.len() <= HEADER_MAX).ok_or(InvalidSignature::Malformed)
}

#[cfg(test)]
mod tests {
    use InvalidSignature::{Malformed, Missing};
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_single_short_header_of_text_is_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(header(&headers, "x-signature"), Err(Missing));
        headers.insert("X-Signature", HeaderValue::from_static("one"));
        assert_eq!(header(&headers, "x-signature"), Ok("one"));
        headers.append("x-signature", HeaderValue::from_static("two"));
        assert_eq!(header(&headers, "x-signature"), Err(Missing));
        headers.insert("x-signature", HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(header(&headers, "x-signature"), Err(Malformed));
        headers.insert("x-signature", HeaderValue::from_str(&"x".repeat(4096)).unwrap());
        assert!(header(&headers, "x-signature").is_ok());
        headers.insert("x-signature", HeaderValue::from_str(&"x".repeat(4097)).unwrap());
        assert_eq!(header(&headers, "x-signature"), Err(Malformed));
    }
}
