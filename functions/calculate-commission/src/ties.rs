//! The customer's ties to partners, by every identity the customer is known by.

use domain::{
    attribution::{Identity, Touch, identities, is_ever_used},
    conversion::Customer,
    id::{ConversionId, CustomerId},
    plan::PlanVersion,
    program::TouchKind,
};
use jiff::Timestamp;
use runtime::Failure;
use store::{accrual::Written, customer::Binding};

use crate::Counter;

/// Each identity of a customer with its tie, if it has one.
#[derive(Default)]
pub(crate) struct Ties(Vec<(Identity, Option<Binding>)>);

impl Ties {
    pub(crate) fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.0.iter().map(|(identity, _)| identity)
    }

    /// The touches that the ties stand for. One that this very conversion has made is its own click
    /// or coupon again, not an earlier customer.
    pub(crate) fn touches(&self, conversion: Option<&ConversionId>) -> impl Iterator<Item = Touch> {
        self.0.iter().filter_map(move |(identity, binding)| {
            let binding = binding.as_ref()?;
            let is_own = conversion.is_some() && binding.made_by.as_ref() == conversion;
            (!is_own).then(|| Touch { kind: identity.kind, ..binding.touch.clone() })
        })
    }

    /// The tie under the customer id that the merchant gave.
    pub(crate) fn own(&self) -> Option<&Binding> {
        let own = self.0.iter().find(|(identity, _)| identity.kind == TouchKind::Customer);
        own.and_then(|(_, binding)| binding.as_ref())
    }

    /// The identities without a tie.
    pub(crate) fn untied(&self) -> Vec<CustomerId> {
        let untied = self.0.iter().filter(|(_, binding)| binding.is_none());
        untied.map(|(identity, _)| identity.id.clone()).collect()
    }

    /// The customer's earliest sale through a partner.
    pub(crate) fn first_sale_at(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|(_, binding)| binding.as_ref()?.first_sale_at).min()
    }
}

impl Counter {
    /// The customer's ties. `other` is an identity under which a conversion has waited: that of an
    /// earlier report of it, perhaps.
    pub(crate) async fn ties(
        &self,
        customer: Option<&Customer>,
        plans: &[PlanVersion],
        other: Option<&Identity>,
    ) -> Result<Ties, Failure> {
        let mut ties = Vec::new();
        for identity in self.identities(customer, plans).into_iter().chain(other.cloned()) {
            if !ties.iter().any(|(known, _): &(Identity, _)| known.id == identity.id) {
                let binding = self.store.binding(&self.program.id, &identity.id).await?;
                ties.push((identity, binding));
            }
        }
        Ok(Ties(ties))
    }

    /// What the program recognises the customer by.
    pub(crate) fn identities(&self, customer: Option<&Customer>, plans: &[PlanVersion]) -> Vec<Identity> {
        let with_email = is_ever_used(TouchKind::Email, &self.program, plans);
        let of = |customer| identities(&self.program.id, customer, with_email);
        customer.map(of).unwrap_or_default()
    }

    /// Ties what is untied to the partner of the touch; stale when somebody else was faster and the
    /// decision has to be made again.
    pub(crate) async fn bind(
        &self,
        ties: &Ties,
        touch: Touch,
        made_by: Option<&ConversionId>,
    ) -> Result<Written, Failure> {
        let untied = ties.untied();
        if untied.is_empty() {
            return Ok(Written::Now);
        }
        let tie = Binding { touch, made_by: made_by.cloned(), first_sale_at: None };
        Ok(self.store.bind(&self.program.id, &untied, &tie).await?)
    }
}
