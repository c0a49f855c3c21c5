//! Where money goes.

use std::fmt;

use domain::partner::PayoutProvider;
use serde::{Deserialize, Serialize};

/// PayPal's longest receiver.
const EMAIL_MAX: usize = 127;
const ACCOUNT_MAX: usize = 255;

/// A partner's account at a provider. `Debug` shows only the hint: whole destinations stay out of
/// logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub enum Destination {
    /// A connected account at Stripe, `acct_...`.
    StripeAccount(String),
    /// An address at PayPal.
    PaypalEmail(String),
}

/// A text that is no destination. Does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDestination {
    /// For Stripe.
    #[error("expected the id of a connected Stripe account: acct_ followed by letters and digits")]
    StripeAccount,
    /// For PayPal.
    #[error("expected an e-mail address of at most 127 characters")]
    PaypalEmail,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
struct Wire {
    provider: PayoutProvider,
    address: String,
}

domain::object!(Wire);

impl Destination {
    /// Reads a destination at a provider.
    ///
    /// # Errors
    /// When the text has not the provider's form.
    pub fn parse(provider: PayoutProvider, text: &str) -> Result<Self, InvalidDestination> {
        match provider {
            PayoutProvider::Stripe if is_account(text) => Ok(Self::StripeAccount(text.to_owned())),
            PayoutProvider::Paypal if is_email(text) => Ok(Self::PaypalEmail(text.to_owned())),
            PayoutProvider::Stripe => Err(InvalidDestination::StripeAccount),
            PayoutProvider::Paypal => Err(InvalidDestination::PaypalEmail),
        }
    }

    /// Who pays.
    #[must_use]
    pub fn provider(&self) -> PayoutProvider {
        match self {
            Self::StripeAccount(_) => PayoutProvider::Stripe,
            Self::PaypalEmail(_) => PayoutProvider::Paypal,
        }
    }

    /// The whole text, for the provider only.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let (Self::StripeAccount(text) | Self::PaypalEmail(text)) = self;
        text
    }

    /// Enough to recognise it by, and not enough to pay to.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::StripeAccount(text) => {
                let hidden = text.chars().count().saturating_sub(4).max("acct_".len());
                format!("***{}", text.chars().skip(hidden).collect::<String>())
            }
            Self::PaypalEmail(text) => {
                let (local, domain) = text.rsplit_once('@').unwrap_or_default();
                format!("{}***@{domain}", local.chars().take(1).collect::<String>())
            }
        }
    }
}

fn is_account(text: &str) -> bool {
    let id = text.strip_prefix("acct_").unwrap_or_default();
    !id.is_empty() && text.len() <= ACCOUNT_MAX && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// No more than a slip of the pen is caught here: whether the address exists only PayPal knows.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"@<>,;\"".contains(c))
    };
    let has_dot = domain.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty());
    text.len() <= EMAIL_MAX && is_plain(local) && is_plain(domain) && has_dot && !domain.ends_with('.')
}

impl TryFrom<Wire> for Destination {
    type Error = InvalidDestination;

    fn try_from(wire: Wire) -> Result<Self, InvalidDestination> {
        Self::parse(wire.provider, &wire.address)
    }
}

impl From<Destination> for Wire {
    fn from(destination: Destination) -> Self {
        Self { provider: destination.provider(), address: destination.as_str().to_owned() }
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider().as_str(), self.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_read_shown_in_part_and_kept_whole() {
        for (provider, text, hint) in [
            (PayoutProvider::Stripe, "acct_1Nv0FGQ9RKHgCVdK", "***CVdK"),
            (PayoutProvider::Stripe, "acct_ann", "***ann"),
            (PayoutProvider::Paypal, "ann@example.com", "a***@example.com"),
        ] {
            let destination = Destination::parse(provider, text).unwrap();
            assert_eq!((destination.provider(), destination.as_str()), (provider, text));
            assert_eq!(destination.hint(), hint);
            assert!(!format!("{destination:?}").contains(text));
            let json = serde_json::to_string(&destination).unwrap();
            assert_eq!(serde_json::from_str::<Destination>(&json).unwrap(), destination);
        }
    }

    #[test]
    fn what_is_no_destination_is_refused() {
        for text in ["", "acct_", "acct", "acct_1/../x", "acct_1 ", "ba_1", "ann@example.com"] {
            assert_eq!(
                Destination::parse(PayoutProvider::Stripe, text),
                Err(InvalidDestination::StripeAccount),
                "{text}"
            );
        }
        let long = format!("{}@example.com", "a".repeat(120));
        for text in [
            "",
            "@",
            "ann",
            "ann@",
            "@example.com",
            "ann@example",
            "ann@.com",
            "ann@example.",
            "a b@example.com",
            "a@b@example.com",
            "ann@example.com\n",
            &long,
        ] {
            assert_eq!(
                Destination::parse(PayoutProvider::Paypal, text),
                Err(InvalidDestination::PaypalEmail),
                "{text}"
            );
        }
        assert!(serde_json::from_str::<Destination>(r#"{"provider":"stripe","address":"x"}"#).is_err());
    }
}
