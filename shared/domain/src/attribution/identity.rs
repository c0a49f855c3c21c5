//! The identities of a customer: what ties one to a partner can be found by each of them.

use crate::{
    conversion::Customer,
    id::{CustomerId, ProgramId},
    program::TouchKind,
};

/// Something that a customer is recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id, under which ties are kept.
    pub id: CustomerId,
    /// What kind of touch a tie of it is.
    pub kind: TouchKind,
}

impl Identity {
    /// The customer id that the merchant gave.
    #[must_use]
    pub fn own(customer: &Customer) -> Self {
        Self { id: customer.id.clone(), kind: TouchKind::Customer }
    }
}

/// A customer's identities: the merchant's id first, then the e-mail address, where the program asks
/// for it and it is known.
///
/// The id of an address derives from its keyed hash. A hash made with another key is another id:
/// once the key is rotated, addresses known from before are not recognised.
#[must_use]
pub fn identities(program: &ProgramId, customer: &Customer, with_email: bool) -> Vec<Identity> {
    let hash = customer.email_hash.as_deref().filter(|_| with_email);
    let email = hash.map(|hash| Identity {
        // A part more than the merchant's own ids are derived from: none of them can be the same.
        id: CustomerId::derive(&[program.as_str(), "email", hash]),
        kind: TouchKind::Email,
    });
    std::iter::once(Identity::own(customer)).chain(email).collect()
}
