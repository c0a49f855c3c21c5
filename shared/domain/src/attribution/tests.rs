//! Windows, precedence, models and what becomes of touches that lose.

use super::*;
use crate::{
    agreement::{Acceptance, AgreementStatus},
    conversion::Customer,
    id::{AgreementId, CustomerId, ProgramId},
    program::AttributionModel,
};

const CONVERSION: &str = "2026-04-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn agreement(name: &str) -> Agreement {
    let start = at("2025-01-01T00:00:00Z");
    Agreement {
        id: AgreementId::derive(&[name]),
        program_id: ProgramId::derive(&["g"]),
        partner_id: PartnerId::derive(&[name]),
        status: AgreementStatus::Approved,
        reason: None,
        acceptance: Acceptance {
            version: "1".into(),
            sha256: String::new(),
            at: start,
            address_hash: String::new(),
        },
        commission_tier: None,
        earlier_tiers: vec![],
        revenue_split: None,
        contract_start: None,
        contract_end: None,
        ancestors: vec![],
        applied_at: start,
        approved_at: Some(start),
        stopped_at: None,
    }
}

fn touch(kind: TouchKind, reference: &str, time: &str) -> Touch {
    Touch {
        kind,
        reference: reference.into(),
        partner_id: PartnerId::derive(&["jane"]),
        link_id: None,
        campaign: None,
        at: at(time),
    }
}

fn candidate(touch: Touch, agreement: &Agreement) -> Candidate<'_> {
    Candidate::Touch { touch, fault: None, agreement: Some(agreement) }
}

/// Decides between touches given as (kind, reference, time).
fn decide(
    policy: &AttributionPolicy,
    touches: &[(TouchKind, &str, &str)],
) -> (Result<String, Unattributed>, Vec<(String, Rejection)>) {
    let jane = agreement("jane");
    let candidates: Vec<_> = touches
        .iter()
        .map(|(kind, reference, time)| candidate(touch(*kind, reference, time), &jane))
        .collect();
    let attribution = attribute(policy, at(CONVERSION), &candidates, &[]);
    let outcome = match attribution.outcome {
        Outcome::Attributed(touch) => Ok(touch.reference),
        Outcome::Unattributed(reason) => Err(reason),
    };
    (outcome, attribution.rejected.into_iter().map(|touch| (touch.reference, touch.reason)).collect())
}

#[test]
fn the_window_is_half_open() {
    let policy = AttributionPolicy { window_days: 90, ..AttributionPolicy::default() };
    for (time, outcome) in [
        ("2026-01-01T00:00:00.001Z", Ok("a".to_owned())),
        ("2026-01-01T00:00:00Z", Err(Unattributed::NoValidTouch)),
        ("2025-12-31T00:00:00Z", Err(Unattributed::NoValidTouch)),
        (CONVERSION, Ok("a".to_owned())),
        ("2026-04-01T00:00:00.001Z", Err(Unattributed::NoValidTouch)),
    ] {
        assert_eq!(decide(&policy, &[(TouchKind::Click, "a", time)]).0, outcome, "{time}");
    }
    let (_, rejected) = decide(&policy, &[(TouchKind::Click, "a", "2025-12-31T00:00:00Z")]);
    assert_eq!(rejected, [("a".to_owned(), Rejection::OutsideWindow)]);
}

#[test]
fn precedence_then_model_then_reference_decide_and_the_losers_are_kept() {
    let clicks = [
        (TouchKind::Click, "b", "2026-03-02T00:00:00Z"),
        (TouchKind::Click, "a", "2026-03-02T00:00:00Z"),
        (TouchKind::Click, "c", "2026-03-01T00:00:00Z"),
    ];
    let last = AttributionPolicy::default();
    assert_eq!(decide(&last, &clicks).0, Ok("a".into()));
    let first = AttributionPolicy { model: AttributionModel::FirstClick, ..last.clone() };
    assert_eq!(decide(&first, &clicks).0, Ok("c".into()));

    let with_customer = [clicks[0], (TouchKind::Customer, "bound", "2025-06-01T00:00:00Z")];
    let (outcome, rejected) = decide(&last, &with_customer);
    assert_eq!((outcome, rejected), (Ok("bound".into()), vec![("b".into(), Rejection::Outranked)]));

    let clicks_only = AttributionPolicy { precedence: vec![TouchKind::Click], ..last };
    let (outcome, rejected) = decide(&clicks_only, &with_customer);
    assert_eq!((outcome, rejected), (Ok("b".into()), vec![("bound".into(), Rejection::KindNotAllowed)]));
}

#[test]
fn what_a_touch_comes_from_and_the_agreement_must_have_been_active() {
    let policy = AttributionPolicy::default();
    let click = || touch(TouchKind::Click, "a", "2026-03-01T00:00:00Z");
    let reason =
        |candidate: Candidate<'_>| attribute(&policy, at(CONVERSION), &[candidate], &[]).rejected[0].reason;
    let jane = agreement("jane");
    for fault in [Rejection::LinkInactive, Rejection::CouponInactive] {
        let faulty = Candidate::Touch { touch: click(), fault: Some(fault), agreement: Some(&jane) };
        assert_eq!(reason(faulty), fault);
    }
    let stranger = Candidate::Touch { touch: click(), fault: None, agreement: None };
    assert_eq!(reason(stranger), Rejection::AgreementInactive);
    for (approved, stopped) in
        [("2026-03-02T00:00:00Z", None), ("2026-01-01T00:00:00Z", Some("2026-03-15T00:00:00Z"))]
    {
        let mut late = agreement("jane");
        late.approved_at = Some(at(approved));
        late.stopped_at = stopped.map(at);
        assert_eq!(reason(candidate(click(), &late)), Rejection::AgreementInactive);
    }
}

#[test]
fn without_a_touch_nobody_is_credited() {
    assert_eq!(decide(&AttributionPolicy::default(), &[]).0, Err(Unattributed::NoTouch));
}

#[test]
fn a_forged_click_is_rejected_and_decides_nothing_else() {
    let (jane, policy) = (agreement("jane"), AttributionPolicy::default());
    let forged = ClickId::issue(
        b"key",
        &ProgramId::derive(&["x"]),
        &LinkId::derive(&["l"]),
        at("2026-03-01T00:00:00Z"),
        [0; 10],
    );
    let alone = attribute(&policy, at(CONVERSION), &[Candidate::Forged(forged.clone())], &[]);
    assert_eq!(alone.outcome, Outcome::Unattributed(Unattributed::ForgedClick));
    assert_eq!(alone.rejected, [RejectedTouch::forged(&forged)]);

    let click = touch(TouchKind::Click, "a", "2026-03-02T00:00:00Z");
    let beside = attribute(
        &policy,
        at(CONVERSION),
        &[Candidate::Forged(forged.clone()), candidate(click.clone(), &jane)],
        &[],
    );
    assert_eq!(beside.touch(), Some(&click));
    assert_eq!(beside.rejected, [RejectedTouch::forged(&forged)]);
}

#[test]
fn a_customer_who_was_brought_once_is_bound_by_no_window() {
    let with_email = AttributionPolicy {
        precedence: vec![TouchKind::Customer, TouchKind::Email, TouchKind::Click],
        ..AttributionPolicy::default()
    };
    for kind in [TouchKind::Customer, TouchKind::Email] {
        let old = [(kind, "old", "2025-02-01T00:00:00Z"), (TouchKind::Click, "new", "2026-03-30T00:00:00Z")];
        assert_eq!(decide(&with_email, &old).0, Ok("old".into()), "{kind:?}");
        // It was no tie yet when the conversion happened.
        let later = [(kind, "later", "2026-04-01T00:00:00.001Z")];
        assert_eq!(
            decide(&with_email, &later),
            (Err(Unattributed::NoValidTouch), vec![("later".into(), Rejection::AfterConversion)])
        );
    }
    let email = [(TouchKind::Email, "old", "2025-02-01T00:00:00Z")];
    assert_eq!(
        decide(&AttributionPolicy::default(), &email).1,
        [("old".into(), Rejection::KindNotAllowed)],
        "only where the program asks for it"
    );
}

#[test]
fn what_proves_the_winner_is_not_listed_as_a_loser() {
    let twice =
        [(TouchKind::Customer, "a", "2026-03-01T00:00:00Z"), (TouchKind::Click, "a", "2026-03-01T00:00:00Z")];
    assert_eq!(decide(&AttributionPolicy::default(), &twice), (Ok("a".into()), vec![]));
}

#[test]
fn touches_told_one_by_one_end_as_if_told_at_once() {
    let (jane, policy) = (agreement("jane"), AttributionPolicy::default());
    let touches = [
        touch(TouchKind::Click, "late", "2026-05-01T00:00:00Z"),
        touch(TouchKind::Coupon, "code", CONVERSION),
        touch(TouchKind::Click, "old", "2025-05-01T00:00:00Z"),
    ];
    let looks_like = |order: [usize; 3]| {
        let mut known: Vec<RejectedTouch> = Vec::new();
        for place in order {
            let candidate = Candidate::Touch {
                touch: touches[place].clone(),
                fault: (place == 1).then_some(Rejection::CouponInactive),
                agreement: Some(&jane),
            };
            let attribution = attribute(&policy, at(CONVERSION), &[candidate], &known);
            assert_eq!(attribution.outcome, Outcome::Unattributed(Unattributed::NoValidTouch));
            known = attribution.rejected;
        }
        known
    };
    assert_eq!(looks_like([0, 1, 2]).len(), 3);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(looks_like(order), looks_like([0, 1, 2]), "{order:?}");
    }
}

#[test]
fn an_address_is_an_identity_of_its_own_where_the_program_asks_for_it() {
    let program = ProgramId::derive(&["p"]);
    let customer = |name: &str, hash: Option<&str>| Customer {
        id: CustomerId::derive(&[program.as_str(), name]),
        email_hash: hash.map(str::to_owned),
    };
    let ids = |customer: &Customer, with_email| {
        let all = identities(&program, customer, with_email);
        all.into_iter().map(|identity| identity.id).collect::<Vec<_>>()
    };
    let (one, other) = (customer("a", Some("hash")), customer("b", Some("hash")));
    assert_eq!(ids(&one, false), std::slice::from_ref(&one.id));
    assert_eq!(ids(&customer("a", None), true), std::slice::from_ref(&one.id));
    assert_eq!(ids(&one, true)[1], ids(&other, true)[1], "the same person under two ids");
    assert_ne!(ids(&one, true)[0], ids(&one, true)[1]);
    assert_ne!(ids(&one, true)[1], ids(&customer("a", Some("another")), true)[1]);
}
