//! Bonuses through months, plan versions, refunds and maturity.

use proptest::prelude::*;

use super::*;
use crate::{
    commission::{Adjustment, adjust, mature},
    id::AdjustmentId,
    ledger::balances,
    money::Currency,
};

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn money(text: &str) -> Money {
    Money::parse(text, usd()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn program() -> ProgramId {
    ProgramId::derive(&["program"])
}

fn partner() -> PartnerId {
    PartnerId::derive(&["kid"])
}

fn bonus(id: &str, window: Window, amount: &str) -> Bonus {
    let at_least = Threshold::Amount(money("1000"));
    Bonus { id: id.into(), metric: Metric::Revenue, window, at_least, amount: money(amount) }
}

fn version(number: u32, from: &str, bonuses: Vec<Bonus>) -> PlanVersion {
    let plan = serde_json::json!({
        "rules": [{ "id": "base", "reward": { "type": "percent", "rate": "0.2" } }],
        "hold_days": 30,
        "bonuses": bonuses,
    });
    PlanVersion {
        program_id: program(),
        version: number,
        effective_from: at(from),
        plan: serde_json::from_value(plan).unwrap(),
    }
}

fn sold(amount: &str) -> Performance {
    Performance { revenue: money(amount), conversions: 1, active_customers: 1 }
}

/// One goal, what became of it, and its journal.
struct Story {
    versions: Vec<PlanVersion>,
    award: Option<(Award, Commission)>,
    journal: Vec<Transaction>,
}

impl Story {
    fn new() -> Self {
        let versions = vec![version(1, "2026-01-01T00:00:00Z", vec![bonus("fast", Window::Month, "50")])];
        Self { versions, award: None, journal: vec![] }
    }

    /// Evaluates the current month.
    fn evaluate(&mut self, amount: &str, now: &str) -> bool {
        let goal = goals(&self.versions, at(now))[0];
        let standing = self.award.as_ref().map(|(award, line)| (award, line));
        let booked = goal.book((&program(), &partner()), standing, &sold(amount), at(now)).unwrap();
        let is_booked = booked.is_some();
        if let Some(booked) = booked {
            assert_eq!(booked.award.entry_ids().last(), booked.transaction.as_ref().map(|entry| &entry.id));
            self.journal.extend(booked.transaction);
            self.award = Some((booked.award, booked.commission));
        }
        is_booked
    }

    fn mature(&mut self) {
        let (_, line) = self.award.as_mut().unwrap();
        let lines = std::slice::from_ref(line);
        let matured = mature(&program(), &partner(), usd(), lines, Timestamp::MAX).unwrap();
        self.journal.extend(matured.transaction);
        *line = matured.commissions[0].clone();
    }

    fn line(&self) -> &Commission {
        &self.award.as_ref().unwrap().1
    }

    fn balance(&self, account: Account) -> i128 {
        balances(&self.journal).get(&(account, usd())).copied().unwrap_or(0)
    }
}

#[test]
fn the_current_period_and_the_one_before_are_looked_at() {
    let all = vec![
        bonus("month", Window::Month, "50"),
        bonus("quarter", Window::Quarter, "50"),
        bonus("ever", Window::Lifetime, "50"),
    ];
    let versions = [version(1, "2020-01-01T00:00:00Z", all)];
    let periods: Vec<_> = goals(&versions, at("2026-01-31T23:59:59Z"))
        .iter()
        .map(|goal| (goal.bonus_id.to_owned(), goal.period.first, goal.period.last))
        .collect();
    let expected = [
        ("month", Some(("2026-01-01", "2026-01-31"))),
        ("month", Some(("2025-12-01", "2025-12-31"))),
        ("quarter", Some(("2026-01-01", "2026-03-31"))),
        ("quarter", Some(("2025-10-01", "2025-12-31"))),
        ("ever", None),
    ]
    .map(|(id, days)| {
        let (first, last) = days.map_or((None, "2026-01-31"), |(first, last)| (Some(day(first)), last));
        (id.to_owned(), first, day(last))
    });
    assert_eq!(periods, expected);
    let ids: BTreeSet<_> = goals(&versions, at("2026-01-31T00:00:00Z"))
        .iter()
        .map(|goal| goal.award_id(&program(), &partner()))
        .collect();
    assert_eq!(ids.len(), 5);
}

#[test]
fn the_version_at_the_end_of_a_period_says_which_bonuses_it_has() {
    let versions = [
        version(1, "2026-01-01T00:00:00Z", vec![bonus("fast", Window::Month, "50")]),
        version(2, "2026-02-15T00:00:00Z", vec![bonus("fast", Window::Month, "80")]),
        version(3, "2026-03-01T00:00:00Z", vec![]),
    ];
    let offers = |now: &str| -> Vec<_> {
        goals(&versions, at(now)).iter().map(|goal| goal.offer.map(|offer| offer.0.version)).collect()
    };
    assert_eq!(offers("2026-02-14T00:00:00Z"), [Some(1), Some(1)]);
    assert_eq!(offers("2026-02-15T00:00:00Z"), [Some(2), Some(1)]);
    // March has none; February has that of its last day.
    assert_eq!(offers("2026-03-01T00:00:00Z"), [Some(2)]);
    // What is dropped within the month may have been granted in it.
    let dropped = [versions[0].clone(), version(2, "2026-01-20T00:00:00Z", vec![])];
    let goals = goals(&dropped, at("2026-01-25T00:00:00Z"));
    assert_eq!(goals.iter().map(|goal| goal.offer).collect::<Vec<_>>(), [None]);
}

#[test]
fn a_bonus_is_earned_once() {
    let mut story = Story::new();
    assert!(!story.evaluate("999.99", "2026-02-03T00:00:00Z"));
    assert!(story.evaluate("1000", "2026-02-04T00:00:00Z"));
    assert!(!story.evaluate("1500", "2026-02-05T00:00:00Z"));
    let line = story.line();
    assert_eq!(
        (line.amount, line.earned, line.status),
        (money("50"), money("50"), CommissionStatus::Pending)
    );
    assert_eq!((line.kind, line.eligible_at), (ConversionKind::Bonus, at("2026-03-06T00:00:00Z")));
    assert_eq!(story.balance(Account::Pending(partner())), 5000);
}

#[test]
fn before_maturity_it_goes_back_to_pending_and_is_held_anew() {
    let mut story = Story::new();
    story.evaluate("1000", "2026-02-04T00:00:00Z");
    assert!(story.evaluate("900", "2026-02-10T00:00:00Z"));
    assert_eq!((story.line().status, story.line().amount), (CommissionStatus::Reversed, money("0")));
    assert!(!story.evaluate("900", "2026-02-11T00:00:00Z"));
    // A plan that has changed meanwhile changes nothing for it.
    story.versions.push(version(2, "2026-02-12T00:00:00Z", vec![bonus("fast", Window::Month, "80")]));
    assert!(story.evaluate("1100", "2026-02-20T00:00:00Z"));
    let line = story.line();
    assert_eq!((line.status, line.amount), (CommissionStatus::Pending, money("50")));
    assert_eq!(line.eligible_at, at("2026-03-22T00:00:00Z"));
    assert_eq!(story.balance(Account::Pending(partner())), 5000);
    assert_eq!(story.balance(Account::Expense), -5000);
}

#[test]
fn after_maturity_it_is_taken_from_what_is_available() {
    let mut story = Story::new();
    story.evaluate("1000", "2026-02-04T00:00:00Z");
    story.mature();
    story.evaluate("900", "2026-02-10T00:00:00Z");
    assert_eq!(story.balance(Account::Available(partner())), 0);
    assert_eq!(story.balance(Account::Pending(partner())), 0);
    story.evaluate("1000", "2026-02-11T00:00:00Z");
    assert_eq!(story.line().status, CommissionStatus::Approved);
    assert_eq!(story.balance(Account::Available(partner())), 5000);
}

#[test]
fn what_an_administrator_took_stays_taken() {
    let mut story = Story::new();
    story.evaluate("1000", "2026-02-04T00:00:00Z");
    let (award, line) = story.award.clone().unwrap();
    let adjustment = Adjustment {
        id: AdjustmentId::derive(&["a"]),
        commission_id: line.id.clone(),
        amount: money("-20"),
        reason: "half of it were our own orders".into(),
        by: "root".into(),
        at: at("2026-02-05T00:00:00Z"),
    };
    let adjusted = adjust(&line, award.priced(), false, &adjustment).unwrap();
    story.journal.extend(adjusted.transaction);
    story.award = Some((award, adjusted.commission));
    story.evaluate("900", "2026-02-10T00:00:00Z");
    assert_eq!((story.line().amount, story.line().status), (money("0"), CommissionStatus::Reversed));
    story.evaluate("1000", "2026-02-11T00:00:00Z");
    assert_eq!(story.line().amount, money("30"));
    assert_eq!(story.balance(Account::Pending(partner())), 3000);
}

proptest! {
    /// Whatever comes, the line is worth the bonus while it is reached and nothing otherwise, the
    /// journal holds just that, and no two bookings have the same id.
    #[test]
    fn the_journal_holds_what_the_last_reading_says(
        readings in prop::collection::vec(any::<bool>(), 1..20),
        matured in 0..20_usize,
    ) {
        let mut story = Story::new();
        for (turn, is_reached) in readings.iter().enumerate() {
            if turn == matured && story.award.is_some() && story.line().status == CommissionStatus::Pending {
                story.mature();
            }
            story.evaluate(if *is_reached { "1000" } else { "10" }, "2026-02-04T00:00:00Z");
            let worth = if *is_reached { 5000 } else { 0 };
            prop_assert_eq!(story.balance(Account::Expense), -worth);
            if let Some((award, line)) = &story.award {
                prop_assert_eq!((i128::from(line.amount.minor()), award.is_granted()), (worth, *is_reached));
                prop_assert_eq!(story.balance(line.account()), worth);
            }
        }
        let ids: BTreeSet<_> = story.journal.iter().map(|entry| entry.id.clone()).collect();
        prop_assert_eq!(ids.len(), story.journal.len());
    }
}
