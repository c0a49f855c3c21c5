//! What a partner tells about itself.

use url::Url;

const NAME_MAX: usize = 100;
const WEBSITE_MAX: usize = 2000;

/// A text that cannot stand in a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// For the name.
    #[error("expected a name of 1 to {NAME_MAX} characters, without control characters")]
    Name,
    /// For the country.
    #[error("expected a country by its two capital letters of ISO 3166-1, such as DE")]
    Country,
    /// For the website.
    #[error("expected an address of at most {WEBSITE_MAX} characters that starts with https:// or http://")]
    Website,
}

/// Reads the name that stands on payouts.
///
/// # Errors
/// When the text is blank, too long, or has control characters.
pub fn name(text: String) -> Result<String, ProfileError> {
    let fits =
        !text.trim().is_empty() && text.chars().count() <= NAME_MAX && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(ProfileError::Name) }
}

/// Reads the country of residence.
///
/// # Errors
/// When the text is not two capital letters.
pub fn country(text: String) -> Result<String, ProfileError> {
    if is_country(&text) { Ok(text) } else { Err(ProfileError::Country) }
}

/// Is it two capital letters?
pub(crate) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Reads the address where the partner promotes.
///
/// Administrators open it, so what a browser would execute or read from a disk is refused.
///
/// # Errors
/// When the text is no web address, or too long.
pub fn website(text: String) -> Result<String, ProfileError> {
    let is_web = Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let fits =
        text.chars().count() <= WEBSITE_MAX && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if is_web && fits { Ok(text) } else { Err(ProfileError::Website) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_to_a_hundred_characters() {
        for good in ["J", "Jane Doe", "Łukasz 株式会社", &"ü".repeat(NAME_MAX)] {
            assert_eq!(name(good.to_owned()).as_deref(), Ok(good));
        }
        for bad in ["", "  ", "Jane\nDoe", &"ü".repeat(NAME_MAX + 1)] {
            assert_eq!(name(bad.to_owned()), Err(ProfileError::Name), "{bad}");
        }
    }

    #[test]
    fn a_country_is_two_capital_letters() {
        assert_eq!(country("DE".to_owned()).as_deref(), Ok("DE"));
        for bad in ["", "D", "de", "DEU", "D3", "ÄÖ"] {
            assert_eq!(country(bad.to_owned()), Err(ProfileError::Country), "{bad}");
        }
    }

    #[test]
    fn a_website_is_a_web_address() {
        for good in ["https://jane.example", "http://jane.example/shop?a=b#c"] {
            assert_eq!(website(good.to_owned()).as_deref(), Ok(good));
        }
        let long = format!("https://jane.example/{}", "a".repeat(WEBSITE_MAX));
        for bad in [
            "",
            "jane.example",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            " https://jane.example",
            &long,
        ] {
            assert_eq!(website(bad.to_owned()), Err(ProfileError::Website), "{bad}");
        }
    }
}
