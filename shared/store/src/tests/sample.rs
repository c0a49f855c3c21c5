//! Valid things of the domain to write.

use domain::{
    agreement::{Acceptance, Agreement},
    click::{Click, ClickId},
    id::{LinkId, PartnerId, ProgramId},
    link::{Link, Slug, SubIds, Utm},
    partner::{Identity, Partner, PartnerType},
    plan::PlanVersion,
    program::Program,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::now;
use crate::idempotency::{Answer, Idempotency, Keep, Once};

pub(super) fn program_id() -> ProgramId {
    ProgramId::derive(&["program"])
}

pub(super) fn partner_id(name: &str) -> PartnerId {
    PartnerId::derive(&[name])
}

pub(super) fn minutes(count: i64) -> Timestamp {
    now() + SignedDuration::from_mins(count)
}

pub(super) fn program() -> Program {
    let program = json!({
        "id": program_id(),
        "name": "Summer",
        "currency": "USD",
        "is_active": true,
        "auto_approve": true,
        "reapplication": "allowed",
        "terms": { "version": "2026-01", "sha256": "ab".repeat(32), "url": "https://shop.example.com/terms" },
        "attribution": {},
        "payout": { "minimum": { "amount": "25.00", "currency": "USD" } },
        "link_hosts": ["shop.example.com"],
        "created_at": now(),
    });
    serde_json::from_value(program).unwrap()
}

/// A plan with every kind of rule, condition and level, as far as the domain has them.
pub(super) fn plan(version: u32) -> PlanVersion {
    let plan = json!({
        "program_id": program_id(),
        "version": version,
        "effective_from": now(),
        "plan": {
            "rules": [
                { "id": "base", "reward": { "type": "percent", "rate": "0.2" } },
                {
                    "id": "lead",
                    "priority": -1,
                    "conditions": [
                        { "field": "kind", "any_of": ["lead", "renewal"] },
                        { "field": "country", "any_of": ["DE", "FR"] },
                    ],
                    "reward": {
                        "type": "flat",
                        "amount": { "amount": "1.50", "currency": "USD" },
                        "on_refund": "prorate",
                    },
                },
            ],
            "levels": [{ "of": "base", "rate": "0.05" }, { "of": "level_one", "rate": "0.1" }],
            "upline_cap": "0.08",
            "inactive_upline": "compress",
            "recurring": { "months": 12 },
            "rounding": "half_up",
            "hold_days": 14,
        },
    });
    serde_json::from_value(plan).unwrap()
}

pub(super) fn partner(name: &str) -> Partner {
    Partner {
        id: partner_id(name),
        email: format!("{name}@example.com"),
        email_hash: format!("hmac-{name}"),
        name: name.to_owned(),
        country: "DE".to_owned(),
        partner_type: PartnerType::Individual,
        website: None,
        identity: Identity::NONE,
        payout_method: None,
        registered_at: now(),
    }
}

pub(super) fn agreement(name: &str, sponsor: Option<&Agreement>, at: Timestamp) -> Agreement {
    let acceptance = Acceptance {
        version: "2026-01".to_owned(),
        sha256: "ab".repeat(32),
        at,
        address_hash: "hash".to_owned(),
    };
    Agreement::apply(&program(), &partner_id(name), sponsor, acceptance).unwrap()
}

pub(super) fn link(slug: &str, name: &str, at: Timestamp) -> Link {
    let slug = Slug::try_from(slug.to_owned()).unwrap();
    Link {
        id: slug.link_id(),
        slug,
        program_id: program_id(),
        partner_id: partner_id(name),
        destination: "https://shop.example.com/p?x=1".parse().unwrap(),
        campaign: None,
        utm: Utm { source: Some("blog".to_owned()), ..Utm::default() },
        sub_ids: SubIds { sub1: Some("a".to_owned()), ..SubIds::default() },
        created_at: at,
        disabled_at: None,
    }
}

pub(super) fn click(entropy: u8, at: Timestamp) -> Click {
    let link_id = LinkId::derive(&["summer"]);
    Click {
        id: ClickId::issue(b"key", &program_id(), &link_id, at, [entropy; 10]),
        link_id,
        program_id: program_id(),
        partner_id: partner_id("ann"),
        campaign: Some("spring".to_owned()),
        at,
        visitor_hash: "visitor".to_owned(),
        sub_ids: SubIds { sub2: Some("b".to_owned()), ..SubIds::default() },
    }
}

/// An idempotent request by its key, with an answer that names it.
pub(super) struct Request(Idempotency, Answer);

pub(super) fn request(key: &str) -> Request {
    let request = Idempotency {
        caller: "admin".to_owned(),
        operation: "test",
        key: key.to_owned(),
        request_hash: "hash".to_owned(),
    };
    Request(request, Answer { status: 201, location: None, body: key.to_owned() })
}

impl Request {
    pub(super) fn once(&self) -> Once<'_> {
        Once { request: &self.0, answer: &self.1, keep: Keep::Week, now: now() }
    }

    pub(super) fn replay(&self) -> crate::idempotency::Committed {
        crate::idempotency::Committed::Replay(self.1.clone())
    }
}
