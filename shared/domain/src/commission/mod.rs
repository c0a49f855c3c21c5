//! Commissions: what one conversion earns one partner at one level.
//!
//! [`calculate`] prices a conversion by one plan version and freezes the terms on it;
//! [`refund`] later recomputes every line from those terms at what is left of the base. Both use
//! the same function, [`Terms::amounts`], so any sequence of partial refunds ends where one
//! refund of their sum would, and a full refund ends at exactly zero.

mod adjust;
mod calculate;
mod maturity;
mod movement;
mod price;
mod refund;
mod review;
mod rules;
mod sale;
mod status;
mod terms;

pub use adjust::{AdjustError, Adjusted, Adjustment, REASON_MAX, adjust};
pub use calculate::{Calculation, CapUse, Inputs, Line, Seller, Sponsor, Trace, calculate, cap_counters};
use jiff::Timestamp;
pub use maturity::{BATCH_MAX, Matured, mature};
pub use movement::AccountChange;
pub use price::{Part, Price};
pub use refund::{RefundError, Reversal, refund};
pub use review::{Decision, ReviewError, Reviewed, review};
pub use rules::{Choice, LevelOne, RuleOutcome, RuleTrace, price_level_one};
pub use status::{CommissionEvent, CommissionStatus, IllegalTransition};
pub use terms::{Clamp, NothingEarned, Terms};

use crate::{
    conversion::ConversionKind,
    id::{CommissionId, PartnerId, PayoutId, ProgramId},
    ledger::Account,
    money::{Money, MoneyError},
    risk::HoldReason,
};

/// One line of one conversion, for one partner at one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Carries the conversion and the level.
    pub id: CommissionId,
    /// The program.
    pub program_id: ProgramId,
    /// Who earns.
    pub partner_id: PartnerId,
    /// What the line pays.
    pub price: Price,
    /// Where it stands.
    pub status: CommissionStatus,
    /// Why it is to be reviewed, until it was let pass.
    pub hold_reason: Option<HoldReason>,
    /// What was earned before any refund.
    pub earned: Money,
    /// What is left after refunds, with every adjustment.
    pub amount: Money,
    /// The sum of all adjustments by administrators; may be negative.
    pub adjusted: Money,
    /// What kind of conversion earned it.
    pub kind: ConversionKind,
    /// The campaign of the partner's link; on level 1 only.
    pub campaign: Option<String>,
    /// Time of the conversion.
    pub occurred_at: Timestamp,
    /// End of the holding period.
    pub eligible_at: Timestamp,
    /// When it became payable.
    pub matured_at: Option<Timestamp>,
    /// The payout that covered it.
    pub payout_id: Option<PayoutId>,
    /// When that payout was settled.
    pub payout_date: Option<Timestamp>,
}

impl Commission {
    /// What it is worth when its terms give an amount: adjustments stand beside the terms, and
    /// nobody earns less than nothing. A line that was turned down is worth nothing.
    ///
    /// # Errors
    /// When currencies differ or the sum does not fit.
    pub fn at(&self, priced: Money) -> Result<Money, MoneyError> {
        let zero = Money::zero(priced.currency());
        if self.status == CommissionStatus::Rejected {
            return Ok(zero);
        }
        let sum = priced.plus(self.adjusted)?;
        Ok(if sum.is_negative() { zero } else { sum })
    }

    /// The line at another worth: at zero it is reversed, and above zero again it goes on where it
    /// would stand had it never been taken back; what had been paid of it was netted then. It is
    /// held while it is to be reviewed, or disputed.
    #[must_use]
    pub(crate) fn worth(&self, amount: Money, is_disputed: bool) -> Self {
        let matured = self.matured_at.is_some();
        let after = |status: CommissionStatus, event| status.after(event).unwrap_or(status);
        let status = match (self.status, amount.is_zero()) {
            (CommissionStatus::Reversed, false) => after(self.status, CommissionEvent::Reinstate { matured }),
            // What earned nothing from the start has nothing to take back.
            (status, true) if !self.earned.is_zero() => after(status, CommissionEvent::Reverse),
            (status, _) => status,
        };
        let status = match self.hold_reason.is_some() || is_disputed {
            true => after(status, CommissionEvent::Hold),
            false => after(status, CommissionEvent::Release { matured }),
        };
        let is_back = self.status == CommissionStatus::Reversed && status != self.status;
        Self {
            amount,
            status,
            payout_id: self.payout_id.clone().filter(|_| !is_back),
            payout_date: self.payout_date.filter(|_| !is_back),
            ..self.clone()
        }
    }

    /// The line after the money of the payout that covered it came back: the next one covers it.
    /// Nothing of a line that is not paid.
    #[must_use]
    pub fn uncovered(&self) -> Option<Self> {
        let status = self.status.after(CommissionEvent::Return).ok()?;
        Some(Self { status, payout_id: None, payout_date: None, ..self.clone() })
    }

    /// Why it is held, or was turned down.
    #[must_use]
    pub fn held_for(&self) -> Option<HoldReason> {
        let is_held = self.status == CommissionStatus::Held;
        self.hold_reason.or(is_held.then_some(HoldReason::Dispute))
    }

    /// The account that holds what is left of it.
    #[must_use]
    pub fn account(&self) -> Account {
        match (self.matured_at, self.status) {
            (Some(_), CommissionStatus::Held) => Account::Held(self.partner_id.clone()),
            (Some(_), _) => Account::Available(self.partner_id.clone()),
            (None, _) => Account::Pending(self.partner_id.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
