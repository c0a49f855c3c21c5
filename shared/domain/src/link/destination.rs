//! Where a link may lead.

use url::Url;

/// Why a destination is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Plain http would carry the click id in the open; a port or a user name has no place in a link.
    #[error("the destination must start with https:// and the host, without user name and port")]
    NotHttps,
    /// A link to a foreign host would lend the merchant's name to anyone.
    #[error("the destination's host is not on the program's list of link hosts")]
    ForeignHost,
}

/// Characters of an address.
pub const ADDRESS_MAX: usize = 2000;

/// Checks that a link of a program with these link hosts may lead here.
///
/// # Errors
/// When the address is not https, or not on one of the hosts.
pub fn check_destination(hosts: &[String], destination: &Url) -> Result<(), DestinationError> {
    let is_bare =
        destination.username().is_empty() && destination.password().is_none() && destination.port().is_none();
    if destination.scheme() != "https" || !is_bare {
        return Err(DestinationError::NotHttps);
    }
    let host = destination.host_str().unwrap_or_default();
    if hosts.iter().any(|allowed| allowed == host) { Ok(()) } else { Err(DestinationError::ForeignHost) }
}

/// The page that a visitor asks for by name, when a link of the program may lead there.
///
/// Anybody can write one, so it is taken only as it is written in full: parsers disagree about
/// backslashes, white space and missing slashes, and whatever one of them mends is refused.
#[must_use]
pub fn deep_link(hosts: &[String], text: &str) -> Option<Url> {
    let is_odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
    let rest = text.strip_prefix("https://")?;
    if rest.starts_with('/') || text.len() > ADDRESS_MAX || text.contains(is_odd) {
        return None;
    }
    let url: Url = text.parse().ok()?;
    check_destination(hosts, &url).ok().map(|()| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Vec<String> {
        vec!["shop.example.com".to_owned(), "xn--bcher-kva.example".to_owned()]
    }

    #[test]
    fn a_link_leads_to_the_programs_hosts_and_nowhere_else() {
        let check = |text: &str| check_destination(&hosts(), &text.parse().unwrap());
        assert_eq!(check("https://shop.example.com:443/p?x=1#top"), Ok(()));
        for text in [
            "http://shop.example.com/",
            "https://jane@shop.example.com/",
            "https://:pw@shop.example.com/",
            "https://shop.example.com:8443/",
            "javascript:alert(1)",
        ] {
            assert_eq!(check(text), Err(DestinationError::NotHttps), "{text}");
        }
        for text in
            ["https://evil.example/", "https://shop.example.com.evil.example/", "https://a.shop.example.com/"]
        {
            assert_eq!(check(text), Err(DestinationError::ForeignHost), "{text}");
        }
    }

    #[test]
    fn a_deep_link_stays_in_the_shop() {
        for text in [
            "https://shop.example.com",
            "https://shop.example.com/boots?color=red&size=7#reviews",
            "https://SHOP.example.com/",
            "https://bücher.example/neu",
            "https://xn--bcher-kva.example/",
            "https://shop.example.com/go?next=//evil.example",
            "https://shop.example.com:443/",
        ] {
            assert!(deep_link(&hosts(), text).is_some(), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_a_deep_link() {
        let long = format!("https://shop.example.com/{}", "a".repeat(ADDRESS_MAX));
        for text in [
            "",
            "/boots",
            "//evil.example",
            "///evil.example",
            "\\\\evil.example",
            "/\\evil.example",
            "https:evil.example",
            "https:/shop.example.com",
            "https:///shop.example.com",
            "https:////evil.example",
            "https:\\\\shop.example.com",
            "https://evil.example",
            "https://evil.example/https://shop.example.com",
            "https://evil.example?shop.example.com",
            "https://evil.example#shop.example.com",
            "https://evil.example\\@shop.example.com",
            "https://shop.example.com\\@evil.example",
            "https://shop.example.com@evil.example",
            "https://shop.example.com:pw@evil.example",
            "https://evil.example:pw@shop.example.com",
            "https://@shop.example.com@evil.example",
            "https://shop.example.com:8443/",
            "https://shop.example.com:443@evil.example/",
            "https://shop.example.com.evil.example",
            "https://shop.example.com./",
            "https://shop.example.com%2eevil.example",
            "https://shop.example.com%00.evil.example",
            "https://shop。example。com。evil.example",
            "https://b\u{fc}cher.example.evil.example",
            "https://bu\u{308}cher\u{200b}.evil.example",
            "https://xn--bcher-kva.evil.example",
            "https://sh\u{43e}p.example.com/",
            "https://shop.example.com/a b",
            " https://shop.example.com/",
            "https://shop.example.com/\r\nset-cookie: a=b",
            "https://sh\top.example.com/",
            "HTTPS://shop.example.com/",
            "http://shop.example.com/",
            "javascript:alert(1)//https://shop.example.com",
            "data:text/html,https://shop.example.com",
            "https://",
            "https://?",
            "https://[::1]/",
            "https://127.0.0.1/",
            &long,
        ] {
            assert_eq!(deep_link(&hosts(), text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_asked_for_the_host_is_the_programs(text in "(https:)?[/\\\\@:.#?a-z\u{3002}-]{0,12}(shop\\.example\\.com)?[/\\\\@:.#?a-z]{0,12}(evil\\.example)?") {
            if let Some(url) = deep_link(&hosts(), &text) {
                proptest::prop_assert_eq!(url.host_str(), Some("shop.example.com"));
                proptest::prop_assert!(url.as_str().starts_with("https://shop.example.com/"));
            }
        }
    }
}
