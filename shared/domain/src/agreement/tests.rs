//! The tree, the terms and the states of an enrolment.

use super::*;
use crate::{
    money::Money,
    program::{AttributionPolicy, LinkPolicy, PayoutPolicy, Terms},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn program() -> Program {
    let currency = "USD".parse().unwrap();
    Program {
        id: ProgramId::derive(&["g"]),
        name: "Acme".into(),
        currency,
        is_active: true,
        auto_approve: true,
        reapplication: Reapplication::Allowed,
        terms: Terms {
            version: "1".into(),
            sha256: "ab".into(),
            url: "https://example.com/terms".parse().unwrap(),
        },
        attribution: AttributionPolicy::default(),
        payout: PayoutPolicy {
            minimum: Money::zero(currency),
            requires_identity: false,
            method_rest_days: 0,
        },
        link_hosts: vec![],
        links: LinkPolicy::default(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn partner(number: usize) -> PartnerId {
    PartnerId::derive(&[&number.to_string()])
}

fn acceptance() -> Acceptance {
    Acceptance {
        version: "1".into(),
        sha256: "ab".into(),
        at: at("2026-01-01T00:00:00Z"),
        address_hash: String::new(),
    }
}

fn apply(program: &Program, number: usize, sponsor: Option<&Agreement>) -> Result<Agreement, AgreementError> {
    Agreement::apply(program, &partner(number), sponsor, acceptance())
}

#[test]
fn a_recruit_stands_below_its_sponsor_and_everyone_above() {
    let program = program();
    let top = apply(&program, 0, None).unwrap();
    let middle = apply(&program, 1, Some(&top)).unwrap();
    let below = apply(&program, 2, Some(&middle)).unwrap();
    assert_eq!(below.ancestors, [partner(1), partner(0)]);
    assert_eq!(below.sponsor(), Some(&partner(1)));
}

#[test]
fn nobody_stands_above_itself_nor_below_the_greatest_depth() {
    let program = program();
    let top = apply(&program, 0, None).unwrap();
    let below = apply(&program, 1, Some(&top)).unwrap();
    assert_eq!(apply(&program, 0, Some(&top)), Err(AgreementError::OwnSponsor));
    assert_eq!(apply(&program, 0, Some(&below)), Err(AgreementError::OwnSponsor));
    let deepest =
        (1..=DEPTH_MAX).fold(top, |sponsor, number| apply(&program, number, Some(&sponsor)).unwrap());
    assert_eq!(apply(&program, DEPTH_MAX + 1, Some(&deepest)), Err(AgreementError::TooDeep));
}

#[test]
fn only_current_terms_of_an_active_program_can_be_accepted() {
    let mut program = program();
    let stale = Acceptance { sha256: "cd".into(), ..acceptance() };
    assert!(matches!(
        Agreement::apply(&program, &partner(1), None, stale),
        Err(AgreementError::StaleTerms { .. })
    ));
    program.is_active = false;
    assert_eq!(apply(&program, 1, None), Err(AgreementError::ProgramInactive));
}

#[test]
fn an_application_is_decided_once_and_a_rejected_one_may_come_again_by_the_programs_rule() {
    let mut program = program();
    program.auto_approve = false;
    let applied = apply(&program, 1, None).unwrap();
    assert!(!applied.is_active_at(Timestamp::MAX));
    let approved = applied.approve(ContractConditions::default(), at("2026-01-02T00:00:00Z")).unwrap();
    assert!(
        approved.is_active_at(at("2026-01-02T00:00:00Z"))
            && !approved.is_active_at(at("2026-01-01T23:59:59Z"))
    );
    assert!(matches!(approved.reject("no".into()), Err(AgreementError::IllegalTransition { .. })));
    let rejected = applied.reject("no website".into()).unwrap();
    assert_eq!(rejected.reapply(&program, acceptance()).unwrap().status, AgreementStatus::Applied);
    program.reapplication = Reapplication::Never;
    assert_eq!(rejected.reapply(&program, acceptance()), Err(AgreementError::RejectionIsFinal));
    assert_eq!(apply(&program, 2, Some(&applied)), Err(AgreementError::SponsorInactive));
}

#[test]
fn nothing_accrues_outside_the_contract() {
    let contract = ContractConditions {
        contract_start: Some(at("2026-02-01T00:00:00Z")),
        contract_end: Some(at("2026-03-01T00:00:00Z")),
        ..ContractConditions::default()
    };
    let mut program = program();
    program.auto_approve = false;
    let agreement = apply(&program, 1, None).unwrap().approve(contract, at("2026-01-01T00:00:00Z")).unwrap();
    for (time, active) in [
        ("2026-01-31T23:59:59Z", false),
        ("2026-02-01T00:00:00Z", true),
        ("2026-02-28T23:59:59Z", true),
        ("2026-03-01T00:00:00Z", false),
    ] {
        assert_eq!(agreement.is_active_at(at(time)), active, "{time}");
    }
}
