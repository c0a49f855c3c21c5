//! Who reads an explanation, and what of it is theirs to see.

use domain::{
    commission::Commission,
    id::{Level, PartnerId},
};
use runtime::{Caller, Problem};

/// Who reads the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// The partner who earns the commission.
    Partner(PartnerId),
    /// An administrator.
    Admin,
}

impl Viewer {
    pub(crate) fn of(caller: Caller) -> Result<Self, Problem> {
        match caller {
            Caller::Partner(partner) => Ok(Self::Partner(partner.id)),
            Caller::Admin(_) => Ok(Self::Admin),
            Caller::Merchant(_) => Err(Problem::forbidden().detail("for partners and administrators only")),
        }
    }

    /// Is it a commission that this reader may ask about?
    pub(crate) fn may_see(&self, line: &Commission) -> bool {
        match self {
            Self::Partner(partner) => *partner == line.partner_id,
            Self::Admin => true,
        }
    }

    /// Whose sale it is, the touch behind it and the seller's own terms are the seller's: a sponsor
    /// sees the share that follows from them, not them.
    pub(crate) fn sees_the_seller(&self, line: &Commission) -> bool {
        *self == Self::Admin || line.id.level() == Level::ONE
    }
}
