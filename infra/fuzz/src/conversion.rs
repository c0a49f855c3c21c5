//! What holds of every fact, whoever told it.

use domain::conversion::{Charge, Fact, Refund};

/// Checks a fact.
pub(crate) fn check(fact: &Fact) {
    match fact {
        Fact::Charge(charge) => check_charge(charge),
        Fact::Refund(refund) => check_refund(refund),
        Fact::Referral(_) => {}
        Fact::Alias(alias) => assert!(!alias.alias.is_empty(), "an alias without a name"),
    }
    let text = serde_json::to_string(fact).unwrap();
    assert_eq!(&serde_json::from_str::<Fact>(&text).unwrap(), fact, "written and read again");
}

fn check_charge(charge: &Charge) {
    assert_eq!(charge.check(), Ok(()), "the arithmetic of a charge");
    let parts = [charge.amount, charge.tax, charge.shipping, charge.discount];
    assert!(parts.iter().all(|part| !part.is_negative()), "an amount below zero");
    assert!(charge.aliases.iter().all(|alias| !alias.is_empty()), "an alias without a name");
    assert!(charge.country.as_ref().is_none_or(|country| country.len() == 2), "a country of {charge:?}");
}

fn check_refund(refund: &Refund) {
    assert!(!refund.refund_id.is_empty(), "a refund without an id");
    assert!(refund.amount.is_none_or(|amount| amount.minor() > 0), "nothing went back");
}
