//! What must hold of the whole table whenever nobody is writing.

use std::collections::BTreeMap;

use domain::{
    commission::Commission,
    id::PartnerId,
    ledger::{Account, Transaction, balances},
};

use super::sale::usd;
use crate::{Row, commission::CommissionItem, item::Shape, journal::JournalItem, testing::TestTable};

/// Journal, lines and balances tell the same story.
pub(super) async fn assert_balanced(table: &TestTable) {
    let rows = table.dump().await;
    let of = |entity: &'static str| rows.iter().filter(move |row| row.entity() == entity).cloned();
    let journal: Vec<Transaction> =
        of(JournalItem::ENTITY).map(|row| JournalItem::transaction(row).unwrap()).collect();
    let lines: Vec<Commission> =
        of(CommissionItem::ENTITY).map(|row| CommissionItem::commission(row).unwrap()).collect();
    let accounts: BTreeMap<PartnerId, Row> = of("balance").map(|row| (partner_in(&row), row)).collect();
    let booked = balances(&journal);
    let booked = |account: Account| booked.get(&(account, usd())).copied().unwrap_or(0);
    let sum = |keep: &dyn Fn(&Commission) -> bool| -> i128 {
        lines.iter().filter(|line| keep(line)).map(|line| i128::from(line.amount.minor())).sum()
    };

    assert_eq!(-booked(Account::Expense), sum(&|_| true), "what was granted is what the lines are worth");
    let mut partners: Vec<_> =
        lines.iter().map(|line| line.partner_id.clone()).chain(accounts.keys().cloned()).collect();
    partners.sort();
    partners.dedup();
    for partner in partners {
        let mine = |line: &Commission| line.partner_id == partner;
        let kept = |name| i128::from(accounts.get(&partner).and_then(|row| row.number(name)).unwrap_or(0));
        let pending = sum(&|line| mine(line) && line.matured_at.is_none());
        assert_eq!(booked(Account::Pending(partner.clone())), pending, "pending of {partner}");
        assert_eq!(booked(Account::Available(partner.clone())), kept("available"), "available of {partner}");
        assert_eq!(booked(Account::Transit(partner.clone())), kept("transit"), "transit of {partner}");
        assert_eq!(booked(Account::Held(partner.clone())), kept("held"), "held of {partner}");
        let covered = sum(&|line| mine(line) && line.payout_id.is_some());
        assert_eq!(covered, kept("covered"), "lines marked as paid of {partner}");
        let matured = sum(&|line| mine(line) && line.matured_at.is_some());
        let balances = ["available", "transit", "held", "paid"].map(kept).iter().sum::<i128>();
        assert_eq!(matured, balances, "matured of {partner}");
    }
}

/// The partner in `ACC#<program>#<partner>#<currency>`.
fn partner_in(row: &Row) -> PartnerId {
    row.key().pk.split('#').nth(2).unwrap().parse().unwrap()
}
