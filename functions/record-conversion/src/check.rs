//! What a report has to look like, by the type of its fact.

mod lines;
mod splits;

use std::collections::BTreeSet;

use domain::{
    conversion::{Charge, ChargeError},
    money::Money,
};
use jiff::{SignedDuration, Timestamp};
use runtime::{Problem, Violations};

use crate::body::{ConversionRequest, Type};

/// Clocks differ; a sale of tomorrow is a mistake.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);
const ID_MAX: usize = 200;
const COUPON_MAX: usize = 100;
const SOURCE_MAX: usize = 40;
const EMAIL_MAX: usize = 254;
const ALIASES_MAX: usize = 10;
const LABELS_MAX: usize = 20;
const LABEL_NAME_MAX: usize = 40;
const LABEL_MAX: usize = 500;

impl ConversionRequest {
    /// Notes everything that is wrong.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut violations = Violations::new();
        let latest = now.saturating_add(AHEAD_MAX).unwrap_or(Timestamp::MAX);
        violations
            .check(
                is_source(&self.source),
                "/source",
                "invalid_name",
                "use 1 to 40 characters of a-z, 0-9, - and _",
            )
            .text(&self.external_id, ID_MAX, "/external_id")
            .check(
                self.occurred_at.is_none_or(|at| at <= latest),
                "/occurred_at",
                "in_the_future",
                "use a time at most five minutes ahead",
            );
        self.check_presence(&mut violations);
        self.check_amounts(&mut violations);
        self.check_customer(&mut violations);
        self.check_lines(&mut violations);
        self.check_splits(&mut violations);
        self.check_labels(&mut violations);
        violations.finish()
    }

    /// Which fields are there belongs to the type.
    fn check_presence(&self, violations: &mut Violations) {
        use Type::{Lead, Refund, Renewal, Sale};
        let own = self.r#type;
        for (name, is_there, needed_by, known_by) in [
            ("amount", self.amount.is_some(), &[Sale, Renewal, Refund][..], &[Sale, Renewal, Refund][..]),
            ("tax", self.tax.is_some(), &[], &[Sale, Renewal]),
            ("shipping", self.shipping.is_some(), &[], &[Sale, Renewal]),
            ("discount", self.discount.is_some(), &[], &[Sale, Renewal]),
            ("refund_id", self.refund_id.is_some(), &[Refund], &[Refund]),
            ("customer", self.customer.is_some(), &[Sale, Renewal, Lead], &[Sale, Renewal, Lead]),
            ("click_id", self.click_id.is_some(), &[], &[Sale, Renewal, Lead]),
            ("country", self.country.is_some(), &[], &[Sale, Renewal, Lead]),
            ("coupon", self.coupon.is_some(), &[], &[Sale, Renewal, Lead]),
            ("lines", self.lines.is_some(), &[], &[Sale, Renewal]),
            ("splits", self.splits.is_some(), &[], &[Sale, Renewal, Lead]),
            ("aliases", self.aliases.is_some(), &[], &[Sale, Renewal, Lead]),
            ("metadata", self.metadata.is_some(), &[], &[Sale, Renewal, Lead]),
        ] {
            if is_there && !known_by.contains(&own) {
                violations.add(format!("/{name}"), "unknown", "this type of fact has no such field");
            } else if !is_there && needed_by.contains(&own) {
                violations.add(format!("/{name}"), "missing", "this field is required");
            }
        }
    }

    fn check_amounts(&self, violations: &mut Violations) {
        self.check_amount(self.amount, "/amount", violations);
        self.check_amount(self.tax, "/tax", violations);
        self.check_amount(self.shipping, "/shipping", violations);
        self.check_amount(self.discount, "/discount", violations);
        let is_nothing = self.r#type == Type::Refund && self.amount.is_some_and(Money::is_zero);
        violations.check(!is_nothing, "/amount", "out_of_range", "a refund is above zero");
    }

    /// A part is of the same currency as what was paid, and never below zero.
    fn check_amount(&self, part: Option<Money>, pointer: &str, violations: &mut Violations) {
        let Some(part) = part else { return };
        let currency = self.amount.map_or(part.currency(), Money::currency);
        if part.currency() != currency {
            let detail = format!("use the currency of the amount, {currency}");
            violations.add(format!("{pointer}/currency"), "wrong_currency", detail);
        } else if part.is_negative() {
            violations.add(pointer, "out_of_range", ChargeError::Negative.to_string());
        }
    }

    fn check_customer(&self, violations: &mut Violations) {
        if let Some(refund_id) = &self.refund_id {
            violations.text(refund_id, ID_MAX, "/refund_id");
        }
        if let Some(coupon) = &self.coupon {
            violations.text(coupon, COUPON_MAX, "/coupon");
        }
        if let Some(customer) = &self.customer {
            violations.text(&customer.id, ID_MAX, "/customer/id");
            let is_email = customer.email.as_deref().is_none_or(is_email);
            violations.check(
                is_email,
                "/customer/email",
                "invalid",
                "use an e-mail address such as jane@example.org",
            );
        }
        let is_country = self.country.as_deref().is_none_or(is_country);
        violations.check(is_country, "/country", "invalid", "use an ISO 3166-1 alpha-2 code such as DE");
    }

    fn check_labels(&self, violations: &mut Violations) {
        let aliases = self.aliases.as_deref().unwrap_or_default();
        let distinct: BTreeSet<_> = aliases.iter().collect();
        violations
            .check(
                aliases.len() <= ALIASES_MAX,
                "/aliases",
                "out_of_range",
                "a charge has at most 10 aliases",
            )
            .check(distinct.len() == aliases.len(), "/aliases", "duplicate", "name every alias once");
        for (index, alias) in aliases.iter().enumerate() {
            violations.text(alias, ID_MAX, &format!("/aliases/{index}"));
        }
        let Some(metadata) = &self.metadata else { return };
        let fits = |(name, value): (&String, &String)| {
            (1..=LABEL_NAME_MAX).contains(&name.chars().count()) && value.chars().count() <= LABEL_MAX
        };
        violations
            .check(
                metadata.len() <= LABELS_MAX,
                "/metadata",
                "out_of_range",
                "a charge has at most 20 labels",
            )
            .check(
                metadata.iter().all(fits),
                "/metadata",
                "invalid_length",
                "a label's name has 1 to 40 characters, its value at most 500",
            );
    }
}

/// The charge's own arithmetic, once each part is right for itself.
pub(crate) fn arithmetic(charge: &Charge) -> Result<(), Problem> {
    let Err(error) = charge.check() else { return Ok(()) };
    let (pointer, code) = match error {
        ChargeError::PartsExceedAmount => ("/amount", "parts_exceed_amount"),
        ChargeError::LinesDiffer => ("/lines", "lines_differ"),
        _ => ("/amount", "out_of_range"),
    };
    let mut violations = Violations::new();
    violations.add(pointer, code, error.to_string());
    violations.finish()
}

fn is_source(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    starts && text.len() <= SOURCE_MAX && text.bytes().all(inner)
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether mail arrives is not for us to find out; that it is no name or number is enough.
fn is_email(text: &str) -> bool {
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    text.len() <= EMAIL_MAX
        && text.rsplit_once('@').is_some_and(|(local, domain)| is_plain(local) && is_plain(domain))
}

#[cfg(test)]
mod tests;
