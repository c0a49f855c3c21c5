//! A sale and what follows from it, and the small loops with which workers write it down.

use domain::{
    accrual::{Accrual, accrue},
    attribution::{Attribution, Outcome, Touch, Unattributed},
    commission::{Inputs, Seller, Sponsor, calculate, refund},
    conversion::{Charge, Conversion, ConversionKind, Customer, Refund, conversion_id},
    id::{ConversionId, CustomerId, LinkId, PartnerId},
    money::{Currency, Money},
    plan::{LevelShare, PlanVersion},
    program::TouchKind,
    risk::HoldReason,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    now,
    sample::{agreement, click, partner_id, plan, program_id},
};
use crate::{
    Error, Store,
    accrual::Written,
    conversion::{Head, Record},
};

pub(super) const SELLER: &str = "seller";
pub(super) const SOURCE: &str = "stripe";
/// An invoice's id, as long as Stripe makes them.
pub(super) const INVOICE: &str = "in_1QNvX2LkdIwHu7ixGZcqAbCd";

pub(super) fn usd() -> Currency {
    "USD".parse().unwrap()
}

pub(super) fn money(minor: i64) -> Money {
    Money::new(minor, usd())
}

pub(super) fn days(count: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * count)
}

/// The partner of a level of the sample sale.
pub(super) fn partner_of(level: u8) -> PartnerId {
    match level {
        1 => partner_id(SELLER),
        _ => partner_id(&format!("sponsor {level}")),
    }
}

pub(super) fn customer() -> Customer {
    Customer { id: CustomerId::derive(&["customer"]), email_hash: Some("ab".repeat(32)) }
}

/// A sale: 20 % to the seller, 5 % to the sponsor, 1 % to everyone above.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sale {
    pub(super) external_id: &'static str,
    pub(super) amount: i64,
    pub(super) levels: u8,
    pub(super) at: Timestamp,
    pub(super) hold: Option<HoldReason>,
}

/// Three levels that earn 20.00, 5.00 and 1.00.
pub(super) fn sale() -> Sale {
    let at = now() + SignedDuration::from_millis(123);
    Sale { external_id: INVOICE, amount: 10_000, levels: 3, at, hold: None }
}

impl Sale {
    pub(super) fn id(&self) -> ConversionId {
        conversion_id(&program_id(), SOURCE, self.external_id)
    }

    pub(super) fn charge(&self) -> Charge {
        Charge {
            kind: ConversionKind::Sale,
            occurred_at: self.at,
            amount: money(self.amount),
            tax: money(0),
            shipping: money(0),
            discount: money(0),
            customer: Some(customer()),
            clicks: Some(click(7, now()).id.into()),
            country: Some("DE".to_owned()),
            coupon: None,
            lines: Vec::new(),
            splits: Vec::new(),
            aliases: vec!["pi_3QNvX2LkdIwHu7ix0AbCdEfG".to_owned()],
            metadata: Default::default(),
        }
    }

    /// The conversion as long as nobody is credited for it.
    pub(super) fn unattributed(&self) -> Conversion {
        Conversion {
            id: self.id(),
            program_id: program_id(),
            source: SOURCE.to_owned(),
            external_id: self.external_id.to_owned(),
            received_at: self.at,
            charge: self.charge(),
            attribution: Attribution::none(Unattributed::NoTouch),
            terms: None,
            refunded: money(0),
        }
    }

    /// What it is priced by.
    pub(super) fn plan(&self) -> PlanVersion {
        let mut plan = plan(1);
        let share = |rate: &str| LevelShare::Base { rate: rate.parse().unwrap() };
        plan.plan.levels =
            (2..=self.levels).map(|level| share(if level == 2 { "0.05" } else { "0.01" })).collect();
        plan.plan.upline_cap = None;
        plan
    }

    /// The conversion and what it earns.
    pub(super) fn attributed(&self) -> (Conversion, Accrual) {
        let plan = self.plan();
        let (touch, charge) = (touch(), self.charge());
        let upline: Vec<_> = (2..=self.levels)
            .map(|level| Sponsor { partner_id: partner_of(level), is_active: true })
            .collect();
        let inputs = Inputs {
            plan: &plan,
            seller: &Seller::of(&agreement(SELLER, None, now()), now()),
            touch: &touch,
            charge: &charge,
            upline: &upline,
            customer_since: None,
            active_splits: &[],
            exchange: None,
            caps: &[],
        };
        let calculation = calculate(&inputs).unwrap();
        let conversion = Conversion {
            attribution: Attribution { outcome: Outcome::Attributed(touch.clone()), rejected: Vec::new() },
            terms: Some(calculation.terms.clone()),
            ..self.unattributed()
        };
        let accrual = accrue(&conversion, &calculation, self.hold, self.at).unwrap();
        (conversion, accrual)
    }

    pub(super) async fn read(&self, store: &Store) -> Record {
        store.conversion(&self.id()).await.unwrap()
    }

    /// Reads what is known and records the sale on top of it.
    pub(super) async fn record(&self, store: &Store) -> Written {
        self.record_on(store, &self.read(store).await).await
    }

    /// Records the sale on top of what was read before.
    pub(super) async fn record_on(&self, store: &Store, record: &Record) -> Written {
        let (conversion, accrual) = self.attributed();
        store.accrue(record, &conversion, &accrual, &[]).await.unwrap()
    }

    /// What is left of each line, level 1 first.
    pub(super) async fn amounts(&self, store: &Store) -> Vec<i64> {
        self.read(store).await.lines().iter().map(|line| line.amount.minor()).collect()
    }
}

/// The click that brought the customer, with everything that a touch can carry.
pub(super) fn touch() -> Touch {
    Touch {
        kind: TouchKind::Click,
        reference: click(7, now()).id.to_string(),
        partner_id: partner_of(1),
        link_id: Some(LinkId::derive(&["summer"])),
        campaign: Some("spring-newsletter-2026".to_owned()),
        at: now(),
    }
}

pub(super) fn refund_of(id: &str, minor: i64) -> Refund {
    Refund::made(id, money(minor), days(1))
}

/// One attempt to apply a refund to a conversion as it was read.
pub(super) async fn apply(store: &Store, record: &Record, fact: &Refund) -> Result<Written, Error> {
    let known = record.conversion().unwrap();
    let reversal = refund(&known.value, &record.lines(), &record.applied, fact, days(1)).unwrap();
    store.apply_refund(record, fact, &reversal, days(1)).await
}

/// Counts a charge, as its worker does: again until it stands, then the refunds that waited.
pub(super) async fn count_charge(store: &Store, sale: &Sale) {
    let (program, id) = (program_id(), sale.id());
    assert_eq!(store.canonical_id(&program, SOURCE, sale.external_id).await.unwrap(), sale.external_id);
    loop {
        let record = sale.read(store).await;
        if record.conversion().is_some() || sale.record_on(store, &record).await == Written::Now {
            break;
        }
    }
    count_waiting(store, &id).await;
}

/// Counts a refund of the charge with this id or alias, as its worker does.
pub(super) async fn count_refund(store: &Store, external_id: &str, fact: &Refund) {
    let program = program_id();
    loop {
        let canonical = store.canonical_id(&program, SOURCE, external_id).await.unwrap();
        let id = conversion_id(&program, SOURCE, &canonical);
        let record = store.conversion(&id).await.unwrap();
        if record.refunds.iter().any(|known| known.is_same(fact)) {
            return count_waiting(store, &id).await;
        }
        let written = match &record.head {
            Head::Known(_) => apply(store, &record, fact).await,
            _ => store.keep_refund_waiting(&record, &program, SOURCE, &canonical, fact).await,
        };
        match written {
            Ok(Written::Now) => return,
            Ok(Written::Stale) => {}
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
}

/// Notes another id of a charge and hands over the refunds under it, as its worker does.
pub(super) async fn count_alias(store: &Store, alias: &str, external_id: &str) {
    let program = program_id();
    let id = conversion_id(&program, SOURCE, alias);
    loop {
        let record = store.conversion(&id).await.unwrap();
        let is_noted = matches!(&record.head, Head::Alias { of } if of == external_id);
        if is_noted
            || store.note_alias(&record, &program, SOURCE, alias, external_id).await.unwrap() == Written::Now
        {
            for refund in &record.waiting {
                count_refund(store, external_id, refund).await;
                store.refund_moved(&id, refund).await.unwrap();
            }
            return;
        }
    }
}

async fn count_waiting(store: &Store, id: &ConversionId) {
    loop {
        let record = store.conversion(id).await.unwrap();
        let Some(waiting) = record.waiting.first().filter(|_| record.conversion().is_some()) else { return };
        apply(store, &record, waiting).await.unwrap();
    }
}
