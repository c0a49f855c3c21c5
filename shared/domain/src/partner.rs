//! A partner: who refers and earns.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::PartnerId;

/// Who refers and earns; one per subject of the token issuer, across all programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// Derived from token issuer and subject.
    pub id: PartnerId,
    /// The verified address from the token.
    pub email: String,
    /// Keyed hash of the address in its normalised form, under which the address is marked as taken.
    pub email_hash: String,
    /// The name on payouts; 1 to 100 characters.
    pub name: String,
    /// Country of residence, ISO 3166-1 alpha-2.
    pub country: String,
    /// What kind of partner this is.
    pub partner_type: PartnerType,
    /// Where the partner promotes; shown to administrators who decide on an application.
    pub website: Option<String>,
    /// What is known of the partner's identity.
    pub identity: Identity,
    /// Which payout method is set, without its details.
    pub payout_method: Option<PayoutMethod>,
    /// When the partner registered.
    pub registered_at: Timestamp,
}

/// What kind of partner this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerType {
    /// A person.
    Individual,
    /// A company.
    Company,
}

/// What is known of a partner's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Where the check stands.
    pub status: IdentityStatus,
    /// The checker's session that decided, or is under way.
    pub session_id: Option<String>,
    /// The checker's time of the last word: older words that arrive later are not heard.
    pub as_of: Option<Timestamp>,
}

impl Identity {
    /// Nothing is known yet.
    pub const NONE: Self = Self { status: IdentityStatus::None, session_id: None, as_of: None };

    /// A new session was opened with the checker, of which nothing was heard yet. When we opened it is
    /// not compared with when the checker speaks: its clock is another one, and counts whole seconds.
    #[must_use]
    pub fn started(session_id: String) -> Self {
        Self { status: IdentityStatus::Started, session_id: Some(session_id), as_of: None }
    }

    /// The checker has spoken. Nothing changes when its word is older than what is known, when it
    /// is about another session, or when the identity is verified already.
    #[must_use]
    pub fn heard(&self, word: &IdentityWord) -> Option<Self> {
        let is_current = self.session_id.as_deref() == Some(word.session_id.as_str());
        let is_newer = self.as_of.is_none_or(|known| known <= word.at);
        let is_final = self.status == IdentityStatus::Verified;
        (is_current && is_newer && !is_final).then(|| Self {
            status: word.status,
            session_id: self.session_id.clone(),
            as_of: Some(word.at),
        })
    }
}

/// What an identity checker says about one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityWord {
    /// The checker's session.
    pub session_id: String,
    /// What it found.
    pub status: IdentityStatus,
    /// When, by the checker's clock.
    pub at: Timestamp,
}

/// Where an identity check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityStatus {
    /// No check was started.
    None,
    /// A session is open: the partner has to act.
    Started,
    /// The checker is at work.
    Pending,
    /// Verified.
    Verified,
    /// The last try failed and another is allowed.
    Retry,
    /// Refused or cancelled: a new session is needed.
    Rejected,
}

/// A payout method as everyone may see it; where the money goes is kept sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutMethod {
    /// Who pays.
    pub provider: PayoutProvider,
    /// The last characters of the destination, for recognition.
    pub hint: String,
    /// Counts the changes, so that a payout pays by the method it was requested with.
    pub version: u32,
    /// When it was set.
    pub set_at: Timestamp,
}

impl PayoutMethod {
    /// When the method has rested for this many days.
    #[must_use]
    pub fn usable_from(&self, rest_days: u16) -> Timestamp {
        let rest = SignedDuration::from_hours(24 * i64::from(rest_days));
        self.set_at.checked_add(rest).unwrap_or(Timestamp::MAX)
    }
}

/// A company that executes payouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutProvider {
    /// Stripe Connect: a transfer to the partner's connected account.
    Stripe,
    /// PayPal Payouts: to the partner's PayPal address.
    Paypal,
}

impl PayoutProvider {
    /// The name on the wire, in keys and in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Paypal => "paypal",
        }
    }
}

/// The form in which two e-mail addresses of one person are equal: lower case, without what
/// follows a plus, and for Gmail without dots.
#[must_use]
pub fn normalised_email(email: &str) -> String {
    let lower = email.trim().to_lowercase();
    let Some((local, domain)) = lower.rsplit_once('@') else { return lower };
    let local = local.split('+').next().unwrap_or(local);
    match domain {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", local.replace('.', "")),
        _ => format!("{local}@{domain}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn one_person_has_one_address() {
        for (one, other) in [
            ("Jane@Example.com", " jane@example.com"),
            ("jane+ads@example.com", "jane@example.com"),
            ("j.a.ne+x@googlemail.com", "jane@gmail.com"),
        ] {
            assert_eq!(normalised_email(one), normalised_email(other));
        }
        assert_ne!(normalised_email("j.ane@example.com"), normalised_email("jane@example.com"));
        assert_eq!(normalised_email("nobody"), "nobody");
    }

    #[test]
    fn an_older_word_a_foreign_session_and_a_word_after_the_verdict_change_nothing() {
        let word =
            |session: &str, status, time| IdentityWord { session_id: session.into(), status, at: at(time) };
        let open = Identity::started("vs_1".into());
        let pending = open.heard(&word("vs_1", IdentityStatus::Pending, "2026-01-01T12:00:00Z")).unwrap();
        let verified = word("vs_1", IdentityStatus::Verified, "2026-01-02T00:00:00Z");
        let known = open.heard(&verified).unwrap();
        assert_eq!(known.status, IdentityStatus::Verified);
        assert_eq!(open.heard(&word("vs_2", IdentityStatus::Verified, "2026-01-02T00:00:00Z")), None);
        assert_eq!(pending.heard(&word("vs_1", IdentityStatus::Retry, "2026-01-01T11:59:59Z")), None);
        assert_eq!(known.heard(&word("vs_1", IdentityStatus::Retry, "2026-01-03T00:00:00Z")), None);
    }
}
