//! What a report has to look like, by its type.

mod labels;
mod lines;
mod splits;

use domain::{
    conversion::{Charge, ChargeError},
    money::Money,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Report, Surroundings,
    fault::{Fault, Faults},
    kind::{Kind, Meaning},
};

/// Clocks differ; a sale of tomorrow is a mistake.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);
const ID_MAX: usize = 200;
const SOURCE_MAX: usize = 40;
const EMAIL_MAX: usize = 254;

/// What below zero is to be mended with, in a part of an amount.
const NEGATIVE_PART: &str =
    "tax, shipping and discount are never below zero: leave out what there is none of";
const NEGATIVE_REFUND: &str = "an amount below zero: tell how much went back, without a sign";

impl Report {
    /// Notes everything that is wrong.
    pub(super) fn check(&self, around: &Surroundings<'_>) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::default();
        let latest = around.now.saturating_add(AHEAD_MAX).unwrap_or(Timestamp::MAX);
        faults
            .check(
                is_source(&self.source),
                "/source",
                "invalid_name",
                "use 1 to 40 characters of a-z, 0-9, - and _",
            )
            .text(&self.external_id, ID_MAX, "/external_id")
            .check(
                self.occurred_at.unwrap_or(around.occurred_at) <= latest,
                "/occurred_at",
                "in_the_future",
                "use a time at most five minutes ahead",
            );
        self.check_presence(&mut faults);
        self.check_amounts(&mut faults);
        self.check_ids(&mut faults);
        self.check_customer(&mut faults);
        self.check_lines(&mut faults);
        self.check_splits(&mut faults);
        self.check_labels(&mut faults);
        faults.finish()
    }

    /// Which fields are there belongs to the type.
    fn check_presence(&self, faults: &mut Faults) {
        let kind = self.r#type;
        let is_charge = matches!(kind.meaning(), Meaning::Charge(_));
        let is_sale = matches!(kind, Kind::Sale | Kind::Renewal);
        // What a dispute took is told when it is lost: it need not be what the dispute was about.
        let needs_amount = is_sale || matches!(kind, Kind::Refund | Kind::DisputeLost);
        let is_refund = matches!(kind, Kind::Refund | Kind::RefundFailed);
        let is_dispute = matches!(kind, Kind::DisputeOpened | Kind::DisputeLost | Kind::DisputeWon);
        let is_cancellation = matches!(kind, Kind::Cancellation | Kind::Reinstatement);
        for (name, is_there, is_known, is_needed) in [
            ("amount", self.amount.is_some(), kind != Kind::Lead, needs_amount),
            ("tax", self.tax.is_some(), is_sale, false),
            ("shipping", self.shipping.is_some(), is_sale, false),
            ("discount", self.discount.is_some(), is_sale, false),
            ("refund_id", self.refund_id.is_some(), is_refund, is_refund),
            ("dispute_id", self.dispute_id.is_some(), is_dispute, is_dispute),
            ("cancellation_id", self.cancellation_id.is_some(), is_cancellation, is_cancellation),
            ("customer", self.customer.is_some(), is_charge, is_charge),
            ("click_id", self.click_id.is_some(), is_charge, false),
            ("country", self.country.is_some(), is_charge, false),
            ("coupon", self.coupon.is_some(), is_charge, false),
            ("lines", self.lines.is_some(), is_sale, false),
            ("splits", self.splits.is_some(), is_charge, false),
            ("aliases", self.aliases.is_some(), is_charge, false),
            ("metadata", self.metadata.is_some(), is_charge, false),
        ] {
            if is_there && !is_known {
                let detail = format!("leave it out: a report of type {} has no such field", kind.as_str());
                faults.add(format!("/{name}"), "unknown", detail);
            } else if !is_there && is_needed {
                faults.add(format!("/{name}"), "missing", "this field is required");
            }
        }
    }

    fn check_amounts(&self, faults: &mut Faults) {
        let is_refund = matches!(self.r#type.meaning(), Meaning::Refund(..));
        if is_refund {
            self.check_amount(self.amount, "/amount", NEGATIVE_REFUND, faults);
        } else {
            self.check_amount(self.amount, "/amount", &ChargeError::Negative.to_string(), faults);
        }
        self.check_amount(self.tax, "/tax", NEGATIVE_PART, faults);
        self.check_amount(self.shipping, "/shipping", NEGATIVE_PART, faults);
        self.check_amount(self.discount, "/discount", NEGATIVE_PART, faults);
        let is_nothing = is_refund && self.amount.is_some_and(Money::is_zero);
        faults.check(!is_nothing, "/amount", "out_of_range", "what goes back is above zero");
    }

    /// A part is of the same currency as what was paid, and never below zero.
    fn check_amount(&self, part: Option<Money>, pointer: &str, negative: &str, faults: &mut Faults) {
        let Some(part) = part else { return };
        let currency = self.amount.map_or(part.currency(), Money::currency);
        if part.currency() != currency {
            let detail = format!("use the currency of the amount, {currency}");
            faults.add(format!("{pointer}/currency"), "wrong_currency", detail);
        } else if part.is_negative() {
            faults.add(pointer, "out_of_range", negative);
        }
    }

    fn check_ids(&self, faults: &mut Faults) {
        for (id, pointer) in [
            (&self.refund_id, "/refund_id"),
            (&self.dispute_id, "/dispute_id"),
            (&self.cancellation_id, "/cancellation_id"),
        ] {
            if let Some(id) = id {
                faults.text(id, ID_MAX, pointer);
            }
        }
    }

    fn check_customer(&self, faults: &mut Faults) {
        if let Some(customer) = &self.customer {
            faults.text(&customer.id, ID_MAX, "/customer/id");
            let is_email = customer.email.as_deref().is_none_or(is_email);
            faults.check(
                is_email,
                "/customer/email",
                "invalid",
                "use an e-mail address such as jane@example.org",
            );
        }
        let is_country = self.country.as_deref().is_none_or(is_country);
        faults.check(is_country, "/country", "invalid", "use an ISO 3166-1 alpha-2 code such as DE");
    }
}

/// The charge's own arithmetic, once each part is right for itself.
pub(super) fn arithmetic(charge: &Charge) -> Result<(), Vec<Fault>> {
    let Err(error) = charge.check() else { return Ok(()) };
    let (pointer, code) = match error {
        ChargeError::PartsExceedAmount => ("/amount", "parts_exceed_amount"),
        ChargeError::LinesDiffer => ("/lines", "lines_differ"),
        _ => ("/amount", "out_of_range"),
    };
    let mut faults = Faults::default();
    faults.add(pointer, code, error.to_string());
    faults.finish()
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
