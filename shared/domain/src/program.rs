//! A program: what one merchant offers, apart from its rates, which stand in plan versions.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    id::ProgramId,
    link::Utm,
    money::{Currency, Money},
};

/// The terms one merchant offers to partners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Derived from the administrator who created it and the idempotency key used.
    pub id: ProgramId,
    /// The name partners see; 1 to 100 characters.
    pub name: String,
    /// The currency in which commissions are booked and paid.
    pub currency: Currency,
    /// An inactive program takes no partners, links or conversions.
    pub is_active: bool,
    /// Are applications approved at once, without an administrator?
    pub auto_approve: bool,
    /// May a rejected applicant apply again?
    pub reapplication: Reapplication,
    /// The terms a partner accepts on joining.
    pub terms: Terms,
    /// How a conversion finds its partner.
    pub attribution: AttributionPolicy,
    /// What can be paid out, and when.
    pub payout: PayoutPolicy,
    /// Hosts that tracking links may point to, lower case; a subdomain needs its own entry.
    pub link_hosts: Vec<String>,
    /// What links carry on, and how many a partner may have.
    #[serde(default)]
    pub links: LinkPolicy,
    /// Creation time.
    pub created_at: Timestamp,
}

/// One version of the text that partners accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Terms {
    /// The version as the merchant names it, such as `2026-01`.
    pub version: String,
    /// SHA-256 of the text, 64 lower-case hexadecimal digits: what was accepted can be proven.
    pub sha256: String,
    /// Where the text can be read.
    pub url: Url,
}

crate::object!(Terms);

/// What a rejected applicant may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reapplication {
    /// Apply again, to be decided on like any other.
    #[default]
    Allowed,
    /// Nothing: a rejection is final.
    Never,
}

/// How a conversion finds its partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct AttributionPolicy {
    /// Days for which a touch counts, 1 to 365: N times 24 hours, half open.
    pub window_days: u16,
    /// Which of several valid touches of one kind wins.
    pub model: AttributionModel,
    /// Kinds of touch, the strongest first; a kind that is left out never attributes.
    pub precedence: Vec<TouchKind>,
}

crate::object!(AttributionPolicy);

impl AttributionPolicy {
    /// The length of the window.
    #[must_use]
    pub fn window(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.window_days))
    }
}

impl Default for AttributionPolicy {
    fn default() -> Self {
        Self {
            window_days: 60,
            model: AttributionModel::LastClick,
            precedence: vec![TouchKind::Customer, TouchKind::Coupon, TouchKind::Click],
        }
    }
}

/// Which of several valid touches of one kind wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributionModel {
    /// The latest; the field's default.
    #[default]
    LastClick,
    /// The earliest.
    FirstClick,
}

/// What ties a conversion to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchKind {
    /// The customer was brought by the partner before.
    Customer,
    /// The partner brought a customer with the same e-mail address, under another customer id.
    Email,
    /// The customer used a code owned by the partner.
    Coupon,
    /// The customer followed the partner's link.
    Click,
    /// The merchant named the partners who share the sale; stands above every policy.
    Split,
}

/// What tracking links carry on, and how many there may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct LinkPolicy {
    /// UTM parameters for links that have none of their own; with placeholders, see
    /// [`check_template`](crate::link::check_template).
    pub utm: Utm,
    /// Are the labels sub1 to sub5 passed on to the destination?
    pub pass_sub_ids: bool,
    /// Links that are not disabled, of one partner; 1 to 100,000.
    pub limit_per_partner: u32,
}

crate::object!(LinkPolicy);

impl Default for LinkPolicy {
    fn default() -> Self {
        Self { utm: Utm::default(), pass_sub_ids: false, limit_per_partner: 1000 }
    }
}

/// What can be paid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct PayoutPolicy {
    /// The least amount of one payout, net of debt.
    pub minimum: Money,
    /// Must the partner's identity be verified first?
    #[serde(default = "yes")]
    pub requires_identity: bool,
    /// Days for which a new payout method must rest before it is used: a stolen session cannot
    /// redirect the next payout.
    #[serde(default = "default_rest_days")]
    pub method_rest_days: u16,
}

crate::object!(PayoutPolicy);

fn yes() -> bool {
    true
}

fn default_rest_days() -> u16 {
    3
}
