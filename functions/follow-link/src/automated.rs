//! Tells programs that look at a link from people who follow it.
//!
//! A missed one costs a click in the statistics; a person taken for one costs a partner its sale.
//! So only those count that say what they are.

use http::Method;
use runtime::Request;

/// Parts of the names, in lower case, with which crawlers and link previews introduce themselves.
const NAMES: [&str; 19] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "facebookexternalhit",
    "meta-externalagent",
    "facebookcatalog",
    "whatsapp/",
    "embedly",
    "vkshare",
    "snapchat-proxy",
    "iframely",
    "feedfetcher",
    "mediapartners-google",
    "google-inspectiontool",
    "googleother",
    "google-read-aloud",
    "lighthouse",
];

/// Telephones whose maker's name contains a crawler's.
const PEOPLE: [&str; 1] = ["cubot"];

/// Headers with which a browser says that nobody has followed the link yet.
const PURPOSES: [&str; 4] = ["purpose", "sec-purpose", "x-purpose", "x-moz"];

/// Is this a bot, a link preview or a prefetch?
pub(crate) fn is_automated(request: &Request) -> bool {
    request.method() == Method::HEAD
        || request.user_agent().is_some_and(is_bot)
        || PURPOSES.iter().filter_map(|name| request.header(name)).any(is_ahead)
}

fn is_bot(agent: &str) -> bool {
    let agent = PEOPLE.iter().fold(agent.to_ascii_lowercase(), |agent, name| agent.replace(name, ""));
    NAMES.iter().any(|name| agent.contains(name))
}

fn is_ahead(purpose: &str) -> bool {
    let purpose = purpose.to_ascii_lowercase();
    ["prefetch", "prerender", "preview"].iter().any(|word| purpose.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_and_previews_are_recognised() {
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "WhatsApp/2.23.20.0 A",
            "TelegramBot (like TwitterBot)",
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
            "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
    }

    #[test]
    fn people_are_not_taken_for_crawlers() {
        for agent in [
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 350.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 [FBAN/FBIOS;FBAV/480.0]",
            "",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }

    #[test]
    fn a_page_fetched_ahead_was_followed_by_nobody() {
        for purpose in ["prefetch", "prefetch;prerender", "Preview"] {
            assert!(is_ahead(purpose), "{purpose}");
        }
        assert!(!is_ahead("navigate"));
    }
}
