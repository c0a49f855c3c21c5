//! The verdict: every invariant of the ledger, and what the reference expects.

use std::collections::BTreeMap;

use domain::payout::{Payout, PayoutStatus};
use store::Row;

use super::{
    measures::Measures,
    reference::{expected, line_prefix},
    steps::Simulation,
    support::ACCEPTED,
    town::Program,
};
use crate::audit::{self, Ledger};

impl Simulation<'_> {
    /// Fails with the first thing that is not as it has to be.
    pub(crate) async fn judge(&self) {
        let ledger = audit::audit(self.world).await;
        self.network.note(&format!("{ledger:?}"));
        for reason in self.world.parked().await {
            let is_accepted = ACCEPTED.iter().any(|accepted| reason.starts_with(accepted));
            assert!(is_accepted, "set aside for a person: {reason}");
        }
        let rows = self.world.table.dump().await;
        let waiting: Vec<_> =
            rows.iter().filter(|row| row.text("state") == Some("waiting")).map(Row::key).collect();
        assert!(waiting.is_empty(), "refunds still wait although every charge is known: {waiting:#?}");
        let payouts = self.payouts(&rows).await;
        self.check_payouts(&payouts);
        self.history.check().await;
        let overdue = self.world.store().audit_liveness(self.world.now()).await.unwrap();
        assert!(overdue.is_empty(), "forgotten: {overdue:#?}");
        for program in &self.town.programs {
            let measures = Measures::of(self.world, program, &rows).await;
            measures.check_credits(program);
            if !program.is_rich {
                self.check_program(program, &ledger, &payouts);
            }
            self.check_adjustments(program, &rows);
            measures.check(program, &rows).await;
        }
    }

    async fn payouts(&self, rows: &[Row]) -> Vec<Payout> {
        let mut payouts = Vec::new();
        for row in rows.iter().filter(|row| row.entity() == "payout") {
            let id = row.text("id").unwrap().parse().unwrap();
            payouts.push(self.world.store().payout(&id).await.unwrap().unwrap().value);
        }
        payouts
    }

    /// No payout is unfinished, and what the providers have paid is what the ledger says.
    fn check_payouts(&self, payouts: &[Payout]) {
        let mut settled = BTreeMap::new();
        for payout in payouts {
            assert!(!payout.status.is_open(), "payout {} is stuck: {:?}", payout.id, payout.status);
            let is_back = payout.status == PayoutStatus::Returned;
            let was_turned = self.town.turned.contains(payout.id.as_str());
            assert!(!is_back || was_turned, "payout {} came back, and nobody sent it", payout.id);
            if payout.status == PayoutStatus::Paid {
                settled.insert(payout.id.as_str(), payout.amount.minor());
            }
        }
        let payments = self.world.payments.lock().payments();
        let mut paid = BTreeMap::new();
        for payment in payments.iter().filter(|payment| payment.applied > 0) {
            let reference = payment.reference.as_deref().unwrap();
            let payout = payouts.iter().find(|payout| reference.starts_with(payout.id.as_str()));
            let payout = payout.unwrap_or_else(|| panic!("nobody asked for the payment {payment:?}"));
            // Said of each of them, what PayPal denied before included.
            let times = i64::try_from(payment.applied).unwrap();
            paid.insert(payout.id.as_str(), payment.amount * times);
        }
        assert_eq!(paid, settled, "providers and ledger differ (paid, settled)");
        for asked in &self.town.payouts {
            let known = payouts.iter().any(|payout| payout.id.as_str() == asked);
            assert!(known, "payout {asked} was confirmed and is not in the table");
        }
    }

    /// Every adjustment that was confirmed counts, and no other.
    fn check_adjustments(&self, program: &Program, rows: &[Row]) {
        let id = program.story.id.parse().unwrap();
        let lines: Vec<_> = program.sales.iter().map(|sale| line_prefix(&id, sale)).collect();
        let mut found: Vec<_> = rows
            .iter()
            .filter(|row| row.entity() == "adjustment")
            .map(|row| (row.text("line").unwrap().to_owned(), i128::from(row.number("amount").unwrap())))
            .filter(|(line, _)| lines.iter().any(|prefix| line.starts_with(prefix)))
            .collect();
        let mut confirmed: Vec<_> = program.adjusted.values().cloned().collect();
        found.sort();
        confirmed.sort();
        assert_eq!(found, confirmed, "adjustments differ (found, confirmed)");
    }

    /// Lines and partners end with what the reference says.
    fn check_program(&self, program: &Program, ledger: &Ledger, payouts: &[Payout]) {
        let id = program.story.id.parse().unwrap();
        let mut adjusted: BTreeMap<String, i128> = BTreeMap::new();
        for (line, minor) in program.adjusted.values() {
            *adjusted.entry(line.clone()).or_default() += minor;
        }
        let expected = expected(program, &adjusted);
        let lines = expected.lines;
        let names: Vec<_> = program.sales.iter().map(|sale| line_prefix(&id, sale)).collect();
        let is_here = |line: &str| names.iter().any(|name| line.starts_with(name));
        let found: BTreeMap<_, _> = ledger
            .commissions
            .iter()
            .filter(|(line, (_, amount, _))| *amount != 0 && is_here(line))
            .map(|(line, (_, amount, _))| (line.clone(), i128::from(*amount)))
            .collect();
        let differ: Vec<_> = found
            .keys()
            .chain(lines.keys())
            .filter(|line| found.get(*line) != lines.get(*line))
            .map(|line| format!("{line}: {:?}, not {:?}", found.get(line), lines.get(line)))
            .collect();
        assert!(differ.is_empty(), "commission lines are not worth what they should be: {differ:#?}");
        let mut owned: BTreeMap<String, i128> = BTreeMap::new();
        for member in &program.members {
            let partner = &member.story.id;
            let balance = |account: &str| {
                let name = format!("{}/{account}:{partner}/USD", program.story.id);
                ledger.balances.get(&name).copied().unwrap_or_default()
            };
            let owed: i128 = ["pending", "available", "transit", "held"].map(balance).iter().sum();
            let is_of = |payout: &&Payout| payout.partner_id.as_str() == partner && payout.program_id == id;
            let paid = payouts.iter().filter(is_of).filter(|payout| payout.status == PayoutStatus::Paid);
            let paid: i128 = paid.map(|payout| i128::from(payout.amount.minor())).sum();
            owned.insert(partner.clone(), owed + paid);
        }
        owned.retain(|_, worth| *worth != 0);
        assert_eq!(owned, expected.partners, "partners' earnings differ (found, expected)");
    }
}
