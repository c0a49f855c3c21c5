//! Payouts out: what every payer has in common, and the choice between them.
//!
//! A call that gets no clear answer has an unknown outcome, and stays unknown until the payment is
//! looked up by our own reference. So no payer retries, none makes up a new key, and everything
//! that is neither a clear yes nor a clear no is [`Sent::Unknown`].

mod destination;
mod payers;

use std::future::Future;

use domain::{id::PayoutId, money::Money};

pub use destination::{Destination, InvalidDestination};
pub use payers::Payers;

/// A payment to be made, or to be found again: the same order always makes the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Our reference, by which the payment is found.
    pub payout_id: PayoutId,
    /// Counts the tries whose failure was proven. Never raised while an outcome is unknown.
    pub attempt: u32,
    /// How much.
    pub amount: Money,
    /// To whom.
    pub destination: Destination,
}

impl Order {
    /// The key under which the provider makes this payment once.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}-{}", self.payout_id, self.attempt)
    }
}

/// The outcome of sending an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The provider has taken it on.
    Accepted {
        /// The provider's id, for [`Payer::status`].
        provider_id: String,
        /// The money has arrived already.
        settled: bool,
    },
    /// The provider refused this call for good: it has paid nothing because of it.
    Refused {
        /// The provider's code.
        code: String,
        /// What the provider says, without where the money was to go.
        detail: String,
    },
    /// It may have been paid or not.
    Unknown {
        /// What happened instead of an answer.
        cause: String,
    },
}

/// The outcome of looking a payment up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The provider knows it.
    Found {
        /// The provider's id.
        provider_id: String,
        /// How far it is.
        progress: Progress,
    },
    /// The provider does not know it: the same order may be sent again, with the same key.
    NotFound,
    /// No conclusion: look again later.
    Unknown {
        /// What happened instead of an answer.
        cause: String,
    },
}

/// How far a payment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Under way.
    Pending,
    /// The partner has the money.
    Paid,
    /// It was not paid.
    Failed {
        /// The provider's code.
        code: String,
    },
    /// It was paid, or was about to be, and the money is back with us.
    Returned {
        /// The provider's code.
        code: String,
    },
}

/// A company that executes payouts.
///
/// The first call of an attempt is `send`. Every later call with the same key is `find`, and
/// `send` again only when nothing was found: a refusal of a second call does not prove that the
/// first was not paid (the first may have emptied the balance that the second is refused for).
pub trait Payer {
    /// Sends the order, once.
    fn send(&self, order: &Order) -> impl Future<Output = Sent> + Send;

    /// Looks the order's payment up by our reference.
    fn find(&self, order: &Order) -> impl Future<Output = Lookup> + Send;

    /// How far an accepted payment is.
    fn status(&self, provider_id: &str) -> impl Future<Output = Lookup> + Send;
}

/// What a provider says, shortened, and without where the money was to go: it is kept with the
/// payout and shown to people.
pub(crate) fn detail(message: &str, destination: &Destination) -> String {
    const LONGEST: usize = 200;
    message.replace(destination.as_str(), &destination.hint()).chars().take(LONGEST).collect()
}

/// What a provider has on record is not what was ordered: a person must look at it.
pub(crate) const MISMATCH: &str = "the provider's record differs from the order";
