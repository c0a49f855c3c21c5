//! The partners who share a sale must be partners of the program.

use std::collections::BTreeSet;

use domain::{
    conversion::{Fact, FactReceived, Split},
    id::PartnerId,
};
use runtime::{Problem, Violations};
use store::Store;

/// Refuses a sale that is shared by somebody who is not enrolled. Whether an enrolment is active at
/// the time of the sale is for the calculation to say: an inactive one earns nothing.
pub(crate) async fn check_enrolled(store: &Store, fact: &FactReceived) -> Result<(), Problem> {
    let splits = match &fact.fact {
        Fact::Charge(charge) if !charge.splits.is_empty() => &charge.splits,
        _ => return Ok(()),
    };
    let partners: Vec<PartnerId> = splits.iter().map(|split| split.partner_id.clone()).collect();
    let enrolled = store.agreements(&fact.program_id, &partners).await?;
    check_known(splits, &enrolled.into_iter().map(|agreement| agreement.partner_id).collect())
}

fn check_known(splits: &[Split], enrolled: &BTreeSet<PartnerId>) -> Result<(), Problem> {
    let mut violations = Violations::new();
    for (index, split) in splits.iter().enumerate() {
        violations.check(
            enrolled.contains(&split.partner_id),
            &format!("/splits/{index}/partner_id"),
            "not_found",
            "the program has no such partner",
        );
    }
    violations.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_is_not_enrolled_is_named() {
        let partner = |name: &str| PartnerId::derive(&[name]);
        let split =
            |name: &str, weight: &str| Split { partner_id: partner(name), weight: weight.parse().unwrap() };
        let splits = [split("ann", "0.5"), split("bob", "0.3"), split("cid", "0.2")];
        let problem = check_known(&splits, &BTreeSet::from([partner("bob")])).unwrap_err();
        let pointers: Vec<_> = problem.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/splits/0/partner_id", "/splits/2/partner_id"]);
        assert!(check_known(&splits[..2], &BTreeSet::from([partner("ann"), partner("bob")])).is_ok());
    }
}
