//! What holds of every program, whatever its plans are: counters of caps, replay, tiers and bonuses,
//! measured anew from the conversions themselves.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    agreement::Agreement,
    attribution::{Outcome, Unattributed},
    audit::{Breach, Sales},
    bonus::{Award, Goal, goals},
    conversion::{RefundStage, conversion_id},
    id::{ConversionId, PartnerId, ProgramId},
    money::Money,
    performance::{Performance, Period},
    plan::{CapCounter, PlanVersion, TierDirection, TierRequirements, in_force},
    replay::Tally,
};
use jiff::Timestamp;
use store::{Row, audit::Scope, conversion::Record};

use super::{office::day, town::Program};
use crate::World;

/// Everything known of a program at the end.
pub(crate) struct Measures<'w> {
    world: &'w World,
    id: ProgramId,
    plans: Vec<PlanVersion>,
    records: BTreeMap<ConversionId, Record>,
}

impl<'w> Measures<'w> {
    pub(crate) async fn of(world: &'w World, program: &Program, rows: &[Row]) -> Self {
        let id: ProgramId = program.story.id.parse().unwrap();
        let store = world.store();
        let plans = store.plans(&id).await.unwrap();
        let conversions: BTreeSet<ConversionId> = rows
            .iter()
            .filter(|row| row.text("program") == Some(id.as_str()))
            .filter_map(|row| row.key().pk.strip_prefix("CNV#")?.parse().ok())
            .collect();
        let mut records = BTreeMap::new();
        for conversion in conversions {
            let record = store.conversion(&conversion).await.unwrap();
            records.insert(conversion, record);
        }
        Self { world, id, plans, records }
    }

    /// Fails with the first thing that does not hold.
    pub(crate) async fn check(&self, program: &Program, rows: &[Row]) {
        self.check_nothing_waits();
        self.check_caps(rows).await;
        self.check_replay().await;
        self.check_audit().await;
        self.check_awards();
        for member in &program.members {
            let partner = member.story.id.parse().unwrap();
            let agreement = self.world.store().agreement(&self.id, &partner).await.unwrap().unwrap().value;
            self.check_tier(&agreement);
            self.check_bonuses(&partner);
        }
    }

    fn check_nothing_waits(&self) {
        let waits = Outcome::Unattributed(Unattributed::NoExchangeRate);
        for (id, record) in &self.records {
            let outcome = record.conversion().map(|known| &known.value.attribution.outcome);
            assert_ne!(outcome, Some(&waits), "{id} waits for an exchange rate, and all are published");
        }
    }

    /// Every sale is there and is whose it has to be, and there is nothing else.
    pub(crate) fn check_credits(&self, program: &Program) {
        let credited = program.credits().members;
        let mut sold = BTreeSet::new();
        for sale in &program.sales {
            let id = conversion_id(&self.id, sale.source, &sale.external_id);
            let name = &sale.external_id;
            let record = self.records.get(&id).and_then(Record::conversion);
            let known = record.unwrap_or_else(|| panic!("{name} of {} was never counted", sale.source));
            let origin = &program.origins[sale.origin];
            let partner = known.value.attribution.touch().map(|touch| touch.partner_id.as_str());
            let expected = credited[sale.origin].map(|member| program.members[member].story.id.as_str());
            let is_right = origin.is_shared || partner == expected;
            let outcome = &known.value.attribution;
            assert!(is_right, "{name} is not {expected:?}'s: {outcome:#?}, from {origin:#?}");
            sold.insert(id);
        }
        let is_sale = |(_, record): &(&ConversionId, &Record)| record.conversion().is_some();
        let others = self.records.iter().filter(is_sale).map(|(id, _)| id).filter(|id| !sold.contains(id));
        let others: Vec<_> = others.collect();
        assert!(others.is_empty(), "counted and never sold: {others:?}");
    }

    /// A counter is what the lines that count in it are worth by their terms, and within its cap.
    async fn check_caps(&self, rows: &[Row]) {
        let (mut worth, mut returned): (BTreeMap<CapCounter, i128>, BTreeMap<_, i128>) = Default::default();
        for record in self.records.values() {
            let Some(known) = record.conversion() else { continue };
            let Some(terms) = &known.value.terms else { continue };
            let lines = record.lines();
            let prices: Vec<_> = lines.iter().map(|line| line.price.clone()).collect();
            let amounts = terms.amounts(&prices, &known.value.charge, known.value.refunded).unwrap();
            let sum: i128 = amounts.iter().map(|amount| i128::from(amount.minor())).sum();
            let is_void = record.refunds.iter().any(|refund| refund.stage == RefundStage::Void);
            for counter in &terms.caps {
                *worth.entry(counter.clone()).or_default() += sum;
                *returned.entry(counter).or_default() += if is_void { sum } else { 0 };
            }
        }
        let counters: Vec<_> = worth.keys().cloned().collect();
        let used = self.world.store().cap_usage(&self.id, &counters).await.unwrap();
        for (counter, used) in counters.iter().zip(used) {
            let used = i128::from(used);
            assert_eq!(used, worth[counter], "the counter and the worth of what counts in {counter:?}");
            // A later plan may have lowered the cap.
            let caps = self.plans.iter().flat_map(|version| &version.plan.caps);
            let most = caps.filter(|cap| cap.scope == counter.scope && period_fits(cap.period, counter));
            let most = most.map(|cap| i128::from(cap.amount.minor())).max().unwrap();
            // What comes back with a refund that failed was granted before, even if others have had it since.
            let returned = returned[counter];
            assert!(
                used <= most + returned,
                "{used} were granted within {counter:?}, of {most}, and {returned} may have come back"
            );
        }
        let known = rows.iter().filter(|row| {
            row.entity() == "cap_counter" && row.key().pk.starts_with(&format!("CAP#{}#", self.id))
        });
        assert_eq!(known.count(), counters.len(), "counters that nothing counts in");
    }

    /// Every journal entry follows from the facts.
    async fn check_replay(&self) {
        let known = |(_, record): &(&ConversionId, &Record)| record.conversion().is_some();
        let ids: Vec<_> = self.records.iter().filter(known).map(|(id, _)| id.clone()).collect();
        let mut tally = Tally::new();
        self.world.store().replay(&self.plans, &ids, &mut tally).await.unwrap();
        assert!(
            tally.first_difference.is_none() && tally.expected == tally.stored,
            "replay: {:?}",
            tally.first_difference
        );
    }

    /// The audit that a deployment makes by itself finds nothing either.
    async fn check_audit(&self) {
        let store = self.world.store();
        let program = store.program(&self.id).await.unwrap().unwrap();
        let scope = Scope { since: None, now: self.world.now(), pause: std::time::Duration::ZERO };
        let report = store.audit_program(&program, &scope).await.unwrap();
        let found: Vec<_> = report.breaches.iter().map(Breach::to_string).collect();
        assert_eq!((found, report.restless), (vec![], 0), "the audit of {}", self.id);
    }

    /// What a partner sold within a period.
    fn performance(&self, partner: &PartnerId, period: Period) -> Performance {
        let mut sales = Sales::default();
        for record in self.records.values() {
            if let Some(known) = record.conversion() {
                sales.add(&known.value, &record.lines(), partner).unwrap();
            }
        }
        let is_in =
            |day: &jiff::civil::Date| period.first.is_none_or(|first| first <= *day) && *day <= period.last;
        let sum = |by_day: &BTreeMap<_, i128>| {
            by_day.iter().filter(|(day, _)| is_in(day)).map(|(_, sum)| sum).sum()
        };
        let revenue: i128 = sum(&sales.revenue);
        let customers = sales.by_customer.iter().filter(|((day, _), count)| is_in(day) && **count > 0);
        let customers: BTreeSet<_> = customers.map(|((_, customer), _)| customer).collect();
        Performance {
            revenue: Money::new(i64::try_from(revenue).unwrap(), "USD".parse().unwrap()),
            conversions: u64::try_from(sum(&sales.count)).unwrap(),
            active_customers: customers.len().try_into().unwrap(),
        }
    }

    /// The tier is the one that the sales reach, or a higher one that is never lost.
    fn check_tier(&self, agreement: &Agreement) {
        let now = self.world.now();
        let requirements = in_force(&self.plans, now).and_then(|plan| plan.plan.tier_requirements.as_ref());
        let Some(requirements) = requirements else { return };
        let (window, before) = requirements.periods(day(now));
        let periods = [Some(window), before].into_iter().flatten();
        let reached = periods
            .filter_map(|period| reached(requirements, &self.performance(&agreement.partner_id, period)))
            .max();
        let standing = agreement.commission_tier.as_deref();
        let stands = requirements.tiers.iter().position(|tier| Some(tier.name.as_str()) == standing);
        let is_right = match requirements.direction {
            _ if standing.is_some() && stands.is_none() => reached.is_none(),
            TierDirection::UpOnly => stands >= reached,
            TierDirection::BothWays => stands == reached,
        };
        assert!(is_right, "{} stands in tier {standing:?} and reaches {reached:?}", agreement.partner_id);
    }

    fn awards(&self) -> impl Iterator<Item = &Award> {
        self.records.values().filter_map(|record| record.award.as_ref().map(|award| &award.value))
    }

    /// There is one award for each partner, bonus and period.
    fn check_awards(&self) {
        let mut known = BTreeSet::new();
        for award in self.awards() {
            let Award { bonus_id, window, period, partner_id, .. } = award;
            let place = format!("{partner_id} {bonus_id} {window:?} {:?}", period.first);
            assert!(known.insert(place.clone()), "{place} was granted twice");
            let goal = Goal { bonus_id, window: *window, period: *period, offer: None };
            assert_eq!(award.id, goal.award_id(&self.id, partner_id), "{place}");
        }
    }

    /// A bonus is granted where its terms are reached, and only there.
    fn check_bonuses(&self, partner: &PartnerId) {
        let now: Timestamp = self.world.now();
        for goal in goals(&self.plans, now) {
            let id = goal.award_id(&self.id, partner);
            let performance = self.performance(partner, goal.period);
            let award = self.awards().find(|award| award.id == id);
            let terms = match (award, goal.offer) {
                (Some(award), _) => (award.terms.metric, award.terms.at_least),
                (None, Some((_, bonus))) => (bonus.metric, bonus.at_least),
                (None, None) => continue,
            };
            let is_granted = award.is_some_and(Award::is_granted);
            let is_reached = performance.value(terms.0).height() >= terms.1.height();
            assert_eq!(is_granted, is_reached, "{partner} has {performance:?}, {goal:?}: {award:?}");
        }
    }
}

/// The place of the highest tier that is reached.
fn reached(requirements: &TierRequirements, performance: &Performance) -> Option<usize> {
    let value = performance.value(requirements.metric).height();
    requirements.tiers.iter().rposition(|tier| tier.at_least.height() <= value)
}

/// Does a cap of this period count in the counter?
fn period_fits(period: domain::plan::CapPeriod, counter: &CapCounter) -> bool {
    use domain::plan::CapPeriod::{AllTime, Day, Month};
    let written = match counter.period.len() {
        3 => AllTime,
        7 => Month,
        _ => Day,
    };
    period == written
}
