//! The form of signing secrets.

/// A text cannot be a signing secret of this sender; says where the right one is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSecret(pub &'static str);

/// The most bytes of a secret; beyond any sender's.
const SECRET_MAX: usize = 255;

/// A secret of at least so many characters, none of them a blank: one came along when it was pasted.
pub(crate) fn check(secret: &str, at_least: usize, remedy: &'static str) -> Result<(), InvalidSecret> {
    let has_length = (at_least..=SECRET_MAX).contains(&secret.len());
    let is_visible = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if has_length && is_visible { Ok(()) } else { Err(InvalidSecret(remedy)) }
}

/// A secret that begins with what this sender's secrets begin with.
pub(crate) fn check_prefixed(secret: &str, prefix: &str, remedy: &'static str) -> Result<(), InvalidSecret> {
    match secret.strip_prefix(prefix) {
        Some(rest) if !rest.is_empty() => check(secret, 1, remedy),
        _ => Err(InvalidSecret(remedy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_visible_and_neither_short_nor_endless() {
        for (secret, fits) in [
            ("12345678", true),
            ("1234567", false),
            ("", false),
            ("12345678 ", false),
            ("1234567\n8", false),
            ("1234567\u{e4}", false),
            (&"x".repeat(255), true),
            (&"x".repeat(256), false),
        ] {
            assert_eq!(check(secret, 8, "remedy").is_ok(), fits, "{secret:?}");
        }
    }

    #[test]
    fn a_prefix_alone_is_no_secret() {
        for (secret, fits) in [("ab_1", true), ("ab_", false), ("a_1", false), ("", false), ("ab_1 ", false)]
        {
            assert_eq!(check_prefixed(secret, "ab_", "remedy").is_ok(), fits, "{secret:?}");
        }
    }
}
