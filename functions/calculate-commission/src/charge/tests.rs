//! Which report of a charge makes it be decided again.

use domain::{
    attribution::Touch,
    click::{ClickId, ClickTrail},
    id::{CustomerId, LinkId, PartnerId, ProgramId},
};
use jiff::Timestamp;

use super::*;

fn click(entropy: u8) -> ClickTrail {
    let (program, link) = (ProgramId::derive(&["p"]), LinkId::derive(&["l"]));
    ClickId::issue(b"key", &program, &link, Timestamp::UNIX_EPOCH, [entropy; 10]).into()
}

fn customer(name: &str, email_hash: Option<&str>) -> Option<Customer> {
    Some(Customer { id: CustomerId::derive(&[name]), email_hash: email_hash.map(str::to_owned) })
}

fn charge() -> Charge {
    let money = |minor| Money::new(minor, "USD".parse().unwrap());
    Charge {
        kind: ConversionKind::Sale,
        occurred_at: Timestamp::UNIX_EPOCH,
        amount: money(100),
        tax: money(0),
        shipping: money(0),
        discount: money(0),
        customer: customer("a", None),
        clicks: None,
        country: None,
        coupon: None,
        lines: vec![],
        splits: vec![],
        aliases: vec!["one".into()],
        metadata: Default::default(),
    }
}

fn known(charge: Charge, outcome: Credited) -> Conversion {
    let program = ProgramId::derive(&["p"]);
    Conversion {
        id: conversion_id(&program, "api", "order-1"),
        program_id: program,
        source: "api".into(),
        external_id: "order-1".into(),
        received_at: Timestamp::UNIX_EPOCH,
        refunded: Money::zero(charge.amount.currency()),
        charge,
        attribution: Attribution { outcome, rejected: vec![] },
        terms: None,
    }
}

fn nobodys(charge: Charge) -> Conversion {
    known(charge, Credited::Unattributed(Unattributed::NoTouch))
}

#[test]
fn the_same_told_again_changes_nothing() {
    let all = Charge { clicks: Some(click(1)), coupon: Some("A".into()), ..charge() };
    for known in [charge(), all.clone()] {
        assert_eq!(again(&nobodys(known.clone()), &known), None);
        // A report that tells less brings nothing either.
        let less = Charge { customer: None, ..charge() };
        assert_eq!(again(&nobodys(known), &less), None);
    }
}

#[test]
fn what_brings_something_is_decided_with_what_was_known() {
    let first = Charge { coupon: Some("A".into()), customer: customer("a", Some("hash")), ..charge() };
    let told = Charge {
        clicks: Some(click(1)),
        country: Some("DE".into()),
        aliases: vec!["two".into()],
        ..charge()
    };
    let decided = again(&nobodys(first.clone()), &told).unwrap().charge;
    let expected = Charge {
        coupon: first.coupon.clone(),
        customer: first.customer.clone(),
        aliases: vec!["two".into(), "one".into()],
        ..told
    };
    assert_eq!(decided, expected);
    for told in [
        Charge { coupon: Some("B".into()), ..charge() },
        Charge { clicks: Some(click(2)), ..charge() },
        Charge { customer: customer("b", None), ..charge() },
        Charge { customer: customer("a", Some("other")), ..charge() },
    ] {
        assert!(again(&nobodys(first.clone()), &told).is_some(), "{told:?}");
    }
}

#[test]
fn what_is_credited_or_decided_stays() {
    let touch = Touch {
        kind: TouchKind::Click,
        reference: "a".into(),
        partner_id: PartnerId::derive(&["jane"]),
        link_id: None,
        campaign: None,
        at: Timestamp::UNIX_EPOCH,
    };
    let told = Charge { clicks: Some(click(1)), ..charge() };
    assert_eq!(again(&known(charge(), Credited::Attributed(touch)), &told), None);
    let waiting = known(charge(), Credited::Unattributed(Unattributed::NoExchangeRate));
    assert_eq!(again(&waiting, &told), Some(waiting.clone()), "only its price is missing");
}
