//! Blockers case by case, and the state machine walked through whole.

mod machine;

use super::*;
use crate::{
    agreement::{Acceptance, AgreementStatus},
    id::AgreementId,
    money::Currency,
    partner::{Identity, PartnerType, PayoutProvider},
    program::{AttributionPolicy, LinkPolicy, PayoutPolicy, Reapplication, Terms},
};

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct World {
    program: Program,
    partner: Partner,
    agreement: Agreement,
    balances: Balances,
    open_payout: Option<PayoutId>,
    at: Timestamp,
}

/// A partner who can be paid.
fn world() -> World {
    let (start, now) = (at("2026-01-01T00:00:00Z"), at("2026-03-01T00:00:00Z"));
    let (program_id, partner_id) = (ProgramId::derive(&["g"]), PartnerId::derive(&["p"]));
    let terms = Terms {
        version: "1".into(),
        sha256: String::new(),
        url: "https://example.com/terms".parse().unwrap(),
    };
    World {
        program: Program {
            id: program_id.clone(),
            name: "Acme".into(),
            currency: usd(),
            is_active: true,
            auto_approve: true,
            reapplication: Reapplication::Allowed,
            terms,
            attribution: AttributionPolicy::default(),
            payout: PayoutPolicy {
                minimum: Money::new(5000, usd()),
                requires_identity: true,
                method_rest_days: 3,
            },
            link_hosts: vec![],
            links: LinkPolicy::default(),
            created_at: start,
        },
        partner: Partner {
            id: partner_id.clone(),
            email: "jane@example.com".into(),
            email_hash: "hash".into(),
            name: "Jane".into(),
            country: "DE".into(),
            partner_type: PartnerType::Individual,
            website: None,
            identity: Identity { status: IdentityStatus::Verified, session_id: None, as_of: None },
            payout_method: Some(PayoutMethod {
                provider: PayoutProvider::Stripe,
                hint: "4242".into(),
                version: 1,
                set_at: start,
            }),
            registered_at: start,
        },
        agreement: Agreement {
            id: AgreementId::derive(&["a"]),
            program_id,
            partner_id,
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
        },
        balances: Balances { available: Money::new(10_000, usd()), ..Balances::zero(usd()) },
        open_payout: None,
        at: now,
    }
}

impl World {
    fn standing(&self) -> Standing<'_> {
        Standing {
            program: &self.program,
            partner: &self.partner,
            agreement: &self.agreement,
            balances: &self.balances,
            open_payout: self.open_payout.as_ref(),
            at: self.at,
        }
    }

    fn codes(&self) -> Vec<BlockerCode> {
        self.standing().blockers().into_iter().map(|blocker| blocker.code).collect()
    }

    fn plan(&self, minor: Option<i64>) -> Result<Payout, PayoutError> {
        self.standing().plan(PayoutId::derive(&["x"]), minor.map(|minor| Money::new(minor, usd())))
    }
}

#[test]
fn all_that_is_available_is_paid_unless_an_amount_is_asked_for() {
    assert_eq!(world().plan(None).unwrap().amount.minor(), 10_000);
    assert_eq!(world().plan(Some(5000)).unwrap().amount.minor(), 5000);
    assert_eq!(world().plan(Some(4999)), Err(PayoutError::BelowMinimum(Money::new(5000, usd()))));
    assert_eq!(world().plan(Some(10_001)), Err(PayoutError::ExceedsAvailable(Money::new(10_000, usd()))));
}

#[test]
fn every_blocker_is_named_at_once() {
    let mut world = world();
    world.balances.available = Money::new(-1, usd());
    world.partner.identity = Identity::NONE;
    world.partner.payout_method = None;
    world.agreement.stopped_at = Some(world.at);
    world.open_payout = Some(PayoutId::derive(&["o"]));
    assert_eq!(
        world.codes(),
        [
            BlockerCode::NegativeBalance,
            BlockerCode::IdentityNotVerified,
            BlockerCode::NoPayoutMethod,
            BlockerCode::AgreementNotActive,
            BlockerCode::PayoutOpen,
        ]
    );
    assert!(matches!(world.plan(None), Err(PayoutError::Blocked(blockers)) if blockers.len() == 5));
}

#[test]
fn a_new_method_rests_and_says_until_when() {
    let mut world = world();
    if let Some(method) = &mut world.partner.payout_method {
        method.set_at = at("2026-02-27T00:00:00Z");
    }
    let blockers = world.standing().blockers();
    assert_eq!(blockers[0].code, BlockerCode::PayoutMethodTooNew);
    assert_eq!(blockers[0].clears_at, Some(at("2026-03-02T00:00:00Z")));
    world.at = at("2026-03-02T00:00:00Z");
    assert_eq!(world.codes(), []);
}

#[test]
fn the_minimum_itself_is_enough() {
    let mut world = world();
    world.balances.available = Money::new(5000, usd());
    assert_eq!(world.codes(), []);
    world.balances.available = Money::new(4999, usd());
    assert_eq!(world.codes(), [BlockerCode::BelowMinimum]);
}
