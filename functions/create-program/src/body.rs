//! What an administrator sends, and whether a program can be made of it.

use std::collections::BTreeSet;

use domain::{
    id::ProgramId,
    link::check_template,
    money::Currency,
    program::{AttributionPolicy, LinkPolicy, PayoutPolicy, Program, Reapplication, Terms, TouchKind},
};
use jiff::Timestamp;
use runtime::{Problem, Violations};
use serde::Deserialize;

const LINK_HOSTS_MAX: usize = 50;
const DAYS_MAX: u16 = 365;
const LINKS_MAX: u32 = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgramRequest {
    name: String,
    currency: Currency,
    #[serde(default)]
    auto_approve: bool,
    #[serde(default)]
    reapplication: Reapplication,
    terms: Terms,
    #[serde(default)]
    attribution: AttributionPolicy,
    payout: PayoutPolicy,
    link_hosts: Vec<String>,
    #[serde(default)]
    links: LinkPolicy,
}

impl ProgramRequest {
    /// Notes everything that is wrong.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut violations = Violations::new();
        violations.text(&self.name, 100, "/name");
        self.check_terms(&mut violations);
        self.check_attribution(&mut violations);
        self.check_payout(&mut violations);
        self.check_link_hosts(&mut violations);
        self.check_links(&mut violations);
        violations.finish()
    }

    fn check_terms(&self, violations: &mut Violations) {
        let Terms { version, sha256, url } = &self.terms;
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        // Partners are shown it as a link, which must not be able to run a script.
        let is_web = matches!(url.scheme(), "https" | "http") && url.as_str().len() <= 2000;
        violations
            .text(version, 100, "/terms/version")
            .check(is_hash, "/terms/sha256", "invalid", "a SHA-256 has 64 digits of 0-9 and a-f")
            .check(
                is_web,
                "/terms/url",
                "invalid",
                "use an address of at most 2000 characters that starts with https://",
            );
    }

    fn check_attribution(&self, violations: &mut Violations) {
        let AttributionPolicy { window_days, precedence, .. } = &self.attribution;
        let kinds: BTreeSet<_> = precedence.iter().collect();
        let pointer = "/attribution/precedence";
        violations
            .check(
                (1..=DAYS_MAX).contains(window_days),
                "/attribution/window_days",
                "out_of_range",
                "a window has 1 to 365 days",
            )
            .check(
                !precedence.is_empty(),
                pointer,
                "empty",
                "name at least one kind: nothing could attribute",
            )
            .check(kinds.len() == precedence.len(), pointer, "duplicate", "name every kind once")
            // A split is the merchant's word for one sale, and has no place in a policy.
            .check(
                !kinds.contains(&TouchKind::Split),
                pointer,
                "invalid",
                "use customer, email, coupon and click",
            );
    }

    fn check_payout(&self, violations: &mut Violations) {
        let minimum = self.payout.minimum;
        let pointer = "/payout/minimum";
        if minimum.currency() == self.currency {
            violations.check(minimum.minor() > 0, pointer, "out_of_range", "the minimum is above zero");
        } else {
            let detail = format!("use the program's currency, {}", self.currency);
            violations.add("/payout/minimum/currency", "wrong_currency", detail);
        }
        violations.check(
            self.payout.method_rest_days <= DAYS_MAX,
            "/payout/method_rest_days",
            "out_of_range",
            "a method rests for 0 to 365 days",
        );
    }

    fn check_link_hosts(&self, violations: &mut Violations) {
        let hosts = &self.link_hosts;
        let fits = (1..=LINK_HOSTS_MAX).contains(&hosts.len());
        violations.check(fits, "/link_hosts", "out_of_range", "a program has 1 to 50 link hosts");
        let mut seen = BTreeSet::new();
        for (index, host) in hosts.iter().enumerate() {
            let pointer = format!("/link_hosts/{index}");
            violations
                .check(is_host(host), &pointer, "invalid", "use a lower-case host such as shop.example.com")
                .check(seen.insert(host), &pointer, "duplicate", "name every host once");
        }
    }

    fn check_links(&self, violations: &mut Violations) {
        for (name, template) in self.links.utm.parameters() {
            let pointer = name.replace("utm_", "/links/utm/");
            violations.text(template, 100, &pointer);
            violations.take(&pointer, check_template(template));
        }
        let fits = (1..=LINKS_MAX).contains(&self.links.limit_per_partner);
        let pointer = "/links/limit_per_partner";
        violations.check(fits, pointer, "out_of_range", "a partner may have 1 to 100,000 links");
    }

    /// The program, active at once.
    pub(crate) fn into_program(self, id: ProgramId, created_at: Timestamp) -> Program {
        Program {
            id,
            name: self.name,
            currency: self.currency,
            is_active: true,
            auto_approve: self.auto_approve,
            reapplication: self.reapplication,
            terms: self.terms,
            attribution: self.attribution,
            payout: self.payout,
            link_hosts: self.link_hosts,
            links: self.links,
            created_at,
        }
    }
}

/// Hosts are compared letter by letter with those of destinations, which parsing has made lower
/// case: one that is written in another way would never match.
fn is_host(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 253 && text.bytes().all(inner) && text.starts_with(outer) && text.ends_with(outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_written_as_destinations_are_compared() {
        for host in ["example.com", "shop.example.com", "xn--bcher-kva.example", "localhost", "7.example"] {
            assert!(is_host(host), "{host}");
        }
        for text in
            ["", "Example.com", "example.com.", "-a.example", "a.example/", "a b", "a:8443", &"a".repeat(254)]
        {
            assert!(!is_host(text), "{text}");
        }
    }
}
