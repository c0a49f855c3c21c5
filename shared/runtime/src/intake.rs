//! What a program takes of what its merchant reports: the checks that need the table.

use std::collections::BTreeSet;

use domain::{
    conversion::{Fact, FactReceived, Split},
    id::PartnerId,
    program::Program,
};
use store::Store;

use crate::{Problem, Violations};

/// A program, and who of those that are said to share a sale is its partner.
#[derive(Debug)]
pub struct Intake<'a> {
    program: &'a Program,
    enrolled: BTreeSet<PartnerId>,
}

impl<'a> Intake<'a> {
    /// Reads what these facts have to be checked with.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn open(
        store: &Store,
        program: &'a Program,
        facts: impl IntoIterator<Item = &FactReceived>,
    ) -> Result<Self, Problem> {
        let splits = facts.into_iter().flat_map(splits);
        let partners: BTreeSet<_> = splits.map(|split| split.partner_id.clone()).collect();
        if partners.is_empty() {
            return Ok(Self { program, enrolled: BTreeSet::new() });
        }
        let partners: Vec<_> = partners.into_iter().collect();
        let agreements = store.agreements(&program.id, &partners).await?;
        Ok(Self { program, enrolled: agreements.into_iter().map(|agreement| agreement.partner_id).collect() })
    }

    /// Does the program take the fact? What was sold while it was active can still be refunded.
    ///
    /// Whether an enrolment is active at the time of a shared sale is for the calculation to say: an
    /// inactive one earns nothing.
    ///
    /// # Errors
    /// 409 when the program is not active, 422 when somebody who shares the sale is not its partner.
    pub fn check(&self, fact: &FactReceived) -> Result<(), Problem> {
        if matches!(fact.fact, Fact::Charge(_)) && !self.program.is_active {
            return Err(Problem::conflict("the program is not active"));
        }
        let mut violations = Violations::new();
        for (index, split) in splits(fact).iter().enumerate() {
            violations.check(
                self.enrolled.contains(&split.partner_id),
                &format!("/splits/{index}/partner_id"),
                "not_found",
                "the program has no such partner",
            );
        }
        violations.finish()
    }
}

/// A fact that was reported before and told of other money.
#[must_use]
pub fn known_otherwise(fact: &FactReceived) -> Problem {
    let FactReceived { external_id, source, .. } = fact;
    Problem::conflict(format!("{external_id} of {source} was reported before with another amount"))
}

fn splits(fact: &FactReceived) -> &[Split] {
    match &fact.fact {
        Fact::Charge(charge) => &charge.splits,
        _ => &[],
    }
}
