//! Payouts: who may be paid, and the states of one payment.
//!
//! Money leaves the house at most once: the amount is reserved when the payout is requested, the
//! intent is written before the provider is called, and an unknown outcome is resolved by looking
//! the payment up, never by a timer and never with a new key. What a provider told of a payment's
//! end is asked about again for a month: money comes back after it was paid, and what failed may be
//! paid after all.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    agreement::Agreement,
    id::{PartnerId, PayoutId, ProgramId},
    ledger::{Account, Balances, Entry, LedgerError, Transaction, TransactionKind},
    money::{Money, MoneyError},
    partner::{IdentityStatus, Partner, PayoutMethod},
    program::Program,
};

/// Days after a payout's end at which its provider is asked whether that stands: most that comes back
/// does so soon, and what nobody claims at PayPal after thirty days.
const LOOKS: [i64; 5] = [1, 3, 7, 14, 30];

/// One payment to one partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Derived from the request.
    pub id: PayoutId,
    /// The program.
    pub program_id: ProgramId,
    /// Who is paid.
    pub partner_id: PartnerId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: PayoutStatus,
    /// The method it was requested with.
    pub method: PayoutMethod,
    /// The provider's id of the payment, once it is known.
    pub provider_id: Option<String>,
    /// Why it failed or came back, if it did.
    pub failure: Option<String>,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
    /// When it was settled.
    pub paid_at: Option<Timestamp>,
}

/// Where a payout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutStatus {
    /// The amount is reserved.
    Requested,
    /// The provider is about to be called, or was: from here on the outcome must be proven.
    Sending,
    /// The provider's answer was lost.
    Unknown,
    /// The provider has taken it on.
    Sent,
    /// The partner has the money.
    Paid,
    /// The provider refused it; the amount is available again.
    Failed,
    /// The money came back after it was paid.
    Returned,
}

/// What happens to a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutEvent {
    /// The intent to call the provider is written.
    Send,
    /// The provider's answer was lost.
    LoseTrack,
    /// The provider has taken it on.
    Accept,
    /// The provider has paid.
    Settle,
    /// The provider refused it for good.
    Fail,
    /// The money came back.
    Return,
    /// The provider has paid after all, having said before that it would not.
    SettleLate,
}

/// An event that cannot happen to a payout in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a payout that is {}", .status.as_str())]
pub struct IllegalTransition {
    /// Where the payout stands.
    pub status: PayoutStatus,
    /// What was tried.
    pub event: PayoutEvent,
}

impl PayoutStatus {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Returned => "returned",
        }
    }

    /// Is the amount still in transit?
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Sending | Self::Unknown | Self::Sent)
    }

    /// The state after an event.
    ///
    /// # Errors
    /// When the event cannot happen in this state.
    pub fn after(self, event: PayoutEvent) -> Result<Self, IllegalTransition> {
        use PayoutEvent as Event;
        match (self, event) {
            // A worker that died after writing the intent is followed by one that writes it again;
            // both call the provider with the same key.
            (Self::Requested | Self::Sending | Self::Unknown, Event::Send) => Ok(Self::Sending),
            (Self::Sending | Self::Unknown, Event::LoseTrack) => Ok(Self::Unknown),
            (Self::Sending | Self::Unknown, Event::Accept) => Ok(Self::Sent),
            (Self::Sending | Self::Unknown | Self::Sent, Event::Settle) => Ok(Self::Paid),
            (Self::Requested | Self::Sending | Self::Unknown | Self::Sent, Event::Fail) => Ok(Self::Failed),
            (Self::Paid, Event::Return) => Ok(Self::Returned),
            // Never ignored: the money has left.
            (Self::Failed, Event::SettleLate) => Ok(Self::Paid),
            (status, event) => Err(IllegalTransition { status, event }),
        }
    }
}

/// Why a partner cannot be paid now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// A stable code.
    pub code: BlockerCode,
    /// What to do about it.
    pub detail: String,
    /// When it clears by itself, where that is known.
    pub clears_at: Option<Timestamp>,
}

/// Codes of blockers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockerCode {
    /// The available balance is below the program's minimum.
    BelowMinimum,
    /// Refunds have taken more than was left.
    NegativeBalance,
    /// The partner's identity is not verified.
    IdentityNotVerified,
    /// No payout method is set.
    NoPayoutMethod,
    /// The payout method was set too recently.
    PayoutMethodTooNew,
    /// The enrolment is not active.
    AgreementNotActive,
    /// Another payout is on its way.
    PayoutOpen,
}

/// What a decision on a payout depends on.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The program.
    pub program: &'a Program,
    /// The partner.
    pub partner: &'a Partner,
    /// The enrolment.
    pub agreement: &'a Agreement,
    /// The account's strong balances.
    pub balances: &'a Balances,
    /// The payout that is on its way, if one is.
    pub open_payout: Option<&'a PayoutId>,
    /// The moment of the decision.
    pub at: Timestamp,
}

impl Standing<'_> {
    /// Every reason why nothing can be paid out now; none means that a payout can be requested.
    #[must_use]
    pub fn blockers(&self) -> Vec<Blocker> {
        let policy = &self.program.payout;
        let available = self.balances.available;
        let mut blockers = Vec::new();
        let mut block = |code, detail: String, clears_at| blockers.push(Blocker { code, detail, clears_at });
        if available.is_negative() {
            block(
                BlockerCode::NegativeBalance,
                format!("The balance is {available}: later earnings are netted against it."),
                None,
            );
        } else if available.minor() < policy.minimum.minor() {
            let detail = format!("The balance is {available}, below the minimum of {}.", policy.minimum);
            block(BlockerCode::BelowMinimum, detail, None);
        }
        if policy.requires_identity && self.partner.identity.status != IdentityStatus::Verified {
            block(BlockerCode::IdentityNotVerified, "Start an identity check and finish it.".into(), None);
        }
        match &self.partner.payout_method {
            None => block(BlockerCode::NoPayoutMethod, "Set a payout method.".into(), None),
            Some(method) => {
                let usable = method.usable_from(policy.method_rest_days);
                if self.at < usable {
                    let detail = format!("A new payout method rests for {} days.", policy.method_rest_days);
                    block(BlockerCode::PayoutMethodTooNew, detail, Some(usable));
                }
            }
        }
        if !self.agreement.is_active_at(self.at) {
            block(
                BlockerCode::AgreementNotActive,
                "The enrolment in the program is not active.".into(),
                None,
            );
        }
        if let Some(payout) = self.open_payout {
            block(BlockerCode::PayoutOpen, format!("Payout {payout} is on its way."), None);
        }
        blockers
    }

    /// Plans a payout of an amount, or of all that is available.
    ///
    /// # Errors
    /// With every blocker, or when the amount itself is wrong.
    pub fn plan(&self, id: PayoutId, amount: Option<Money>) -> Result<Payout, PayoutError> {
        let blockers = self.blockers();
        let Some(method) = self.partner.payout_method.clone().filter(|_| blockers.is_empty()) else {
            return Err(PayoutError::Blocked(blockers));
        };
        let (available, minimum) = (self.balances.available, self.program.payout.minimum);
        let amount = amount.unwrap_or(available);
        if amount.minus(minimum)?.is_negative() {
            return Err(PayoutError::BelowMinimum(minimum));
        }
        if available.minus(amount)?.is_negative() {
            return Err(PayoutError::ExceedsAvailable(available));
        }
        Ok(Payout {
            id,
            program_id: self.program.id.clone(),
            partner_id: self.partner.id.clone(),
            amount,
            status: PayoutStatus::Requested,
            method,
            provider_id: None,
            failure: None,
            requested_at: self.at,
            updated_at: self.at,
            paid_at: None,
        })
    }
}

/// Why a payout is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayoutError {
    /// Something stands in the way.
    #[error("nothing can be paid out now")]
    Blocked(Vec<Blocker>),
    /// The amount asked for is below the minimum.
    #[error("ask for at least {0}")]
    BelowMinimum(Money),
    /// The amount asked for is above what is available.
    #[error("ask for at most {0}, which is available")]
    ExceedsAvailable(Money),
    /// The amount asked for is of another currency.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Payout {
    /// The payout after an event.
    ///
    /// # Errors
    /// When the event cannot happen in its state.
    pub fn after(&self, event: PayoutEvent, at: Timestamp) -> Result<Self, IllegalTransition> {
        let status = self.status.after(event)?;
        let settles = matches!(event, PayoutEvent::Settle | PayoutEvent::SettleLate);
        let paid_at = if settles { Some(at) } else { self.paid_at };
        let failure = self.failure.clone().filter(|_| !settles);
        Ok(Self { status, updated_at: at, paid_at, failure, ..self.clone() })
    }

    /// When the provider is to be asked again whether the payout's end stands. Only an end that the
    /// provider of a known payment told can turn out otherwise.
    #[must_use]
    pub fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        let is_told = matches!(self.status, PayoutStatus::Paid | PayoutStatus::Failed);
        let ended = Some(self.updated_at).filter(|_| is_told && self.provider_id.is_some())?;
        let looks = LOOKS.iter().map(|days| ended.checked_add(SignedDuration::from_hours(24 * days)));
        looks.filter_map(Result::ok).find(|look| now < *look)
    }

    /// Has the time come to ask?
    #[must_use]
    pub fn is_look_due(&self, now: Timestamp) -> bool {
        self.next_look(self.updated_at).is_some_and(|first| first <= now)
    }

    /// What the journal says about an event; most move no money between accounts.
    ///
    /// # Errors
    /// When the entry does not balance, which would be a defect.
    pub fn transaction(
        &self,
        kind: TransactionKind,
        at: Timestamp,
    ) -> Result<Option<Transaction>, LedgerError> {
        let available = Account::Available(self.partner_id.clone());
        let transit = Account::Transit(self.partner_id.clone());
        let cash = Account::Cash(self.method.provider);
        let (from, to) = match kind {
            TransactionKind::PayoutRequest => (available, transit),
            TransactionKind::PayoutSettle => (transit, cash),
            TransactionKind::PayoutFail => (transit, available),
            TransactionKind::PayoutReturn => (cash, available),
            TransactionKind::PayoutSettleLate => (available, cash),
            TransactionKind::Accrue
            | TransactionKind::Refund
            | TransactionKind::Hold
            | TransactionKind::Restore
            | TransactionKind::Reject
            | TransactionKind::Adjust
            | TransactionKind::Bonus
            | TransactionKind::Mature => {
                return Ok(None);
            }
        };
        let minor = self.amount.minor();
        Entry::new().debit(from, minor).credit(to, minor).close(
            &self.program_id,
            kind,
            &[self.id.as_str()],
            at,
            self.amount.currency(),
        )
    }
}

#[cfg(test)]
mod tests;
