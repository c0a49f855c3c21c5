//! Messages between functions: facts in the past tense, small, and safe to deliver twice.

use serde::{Deserialize, Serialize};

use crate::{
    id::{CommissionId, PartnerId, PayoutId, ProgramId},
    money::Currency,
};

/// Commissions of an account have reached the end of their holding period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MaturityReached {
    /// The program.
    pub program_id: ProgramId,
    /// The partner.
    pub partner_id: PartnerId,
    /// The account's currency.
    pub currency: Currency,
    /// The commissions that look due; each is read again before it matures.
    pub commission_ids: Vec<CommissionId>,
}

impl MaturityReached {
    /// The account, by a name: messages of one account are handled one after the other.
    #[must_use]
    pub fn account(&self) -> String {
        format!("{}/{}/{}", self.program_id, self.partner_id, self.currency)
    }
}

/// A payout's next step is due: it is to be sent, or looked after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutDue {
    /// The payout.
    pub payout_id: PayoutId,
}
