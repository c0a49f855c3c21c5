//! Credentials as header values that do not print.

use http::HeaderValue;

/// A credential that cannot be sent in a header. Says nothing about its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credential has characters that no header can carry: it was probably pasted with a line break")]
pub struct InvalidCredential;

/// The value of an `Authorization` header; `Debug` shows only that it is sensitive.
pub(crate) fn authorization(scheme: &str, credential: &str) -> Result<HeaderValue, InvalidCredential> {
    let mut value =
        HeaderValue::from_str(&format!("{scheme} {credential}")).map_err(|_| InvalidCredential)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_does_not_print_and_a_line_break_is_refused() {
        let value = authorization("Bearer", "sk_live_1").unwrap();
        assert!(!format!("{value:?}").contains("sk_live_1"));
        assert_eq!(authorization("Bearer", "sk_live_1\n"), Err(InvalidCredential));
    }
}
