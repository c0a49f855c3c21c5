//! Who reads an explanation, and what of it is theirs to see.

use domain::{commission::Commission, conversion::Conversion, id::PartnerId};
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

    /// Whose sale it is, the touch behind it and the seller's own terms are the seller's: a sponsor,
    /// or a partner who shares the sale, sees what follows from them, not them.
    pub(crate) fn sees_the_seller(&self, conversion: &Conversion) -> bool {
        let seller = conversion.attribution.touch().map(|touch| &touch.partner_id);
        match self {
            Self::Partner(partner) => seller == Some(partner),
            Self::Admin => true,
        }
    }
}
