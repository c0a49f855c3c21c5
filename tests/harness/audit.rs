//! The audit: every invariant of the ledger, checked on the table itself.

mod clicks;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    commission::{Commission, CommissionStatus},
    conversion::{RefundCause, refunded},
    id::{ConversionId, PartnerId, ProgramId, TransactionId},
    ledger::{Account, Transaction, TransactionKind},
    money::Currency,
    payout::{Payout, PayoutStatus},
};
use store::{Row, audit::Scope, conversion::Record, outbox};

use crate::world::World;

/// What the ledger says in the end, whatever way led there: balances and commissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// What every account of every program holds, in minor units; expense is below zero.
    pub balances: BTreeMap<String, i128>,
    /// Every commission: what was earned, what is left, where it stands.
    pub commissions: BTreeMap<String, (i64, i64, CommissionStatus)>,
}

/// An account's owner, for the strong balances.
type Owner = (ProgramId, PartnerId, Currency);

struct Books {
    journal: Vec<Transaction>,
    records: Vec<Record>,
    payouts: Vec<Payout>,
}

/// The audit that a deployment runs, over all days, and the rebuild of everything that is kept beside the
/// journal. [`audit`] shares no line of code with them.
pub async fn ours(world: &World) {
    let store = world.store();
    let scope = Scope { since: None, now: world.now(), pause: Duration::ZERO };
    let mut start = None;
    loop {
        let (programs, next) = store.programs_page(start).await.unwrap();
        for program in programs {
            let report = store.audit_program(&program, &scope).await.unwrap();
            assert!(report.breaches.is_empty(), "{}: {:#?}", program.id, report.breaches);
            let rebuilt = store.rebuild_program(&program, world.now()).await.unwrap();
            assert!(rebuilt.differences.is_empty(), "{}: {:#?}", program.id, rebuilt.differences);
        }
        start = next;
        if start.is_none() {
            return;
        }
    }
}

/// Checks everything, and gives what the ledger says.
pub async fn audit(world: &World) -> Ledger {
    let dead = world.pump.dead();
    assert!(dead.is_empty(), "in a dead-letter queue: {dead:#?}");
    let rows = world.table.dump().await;
    let marked: Vec<_> = rows.iter().filter(|row| outbox::is_marked(row)).map(Row::key).collect();
    assert!(marked.is_empty(), "still in the outbox: {marked:#?}");
    let books = read(world, &rows).await;
    clicks::check(&rows);
    check_transactions(&books.journal);
    check_commissions(&books);
    check_expense(&books);
    check_balances(world, &books).await;
    check_pending(world, &books).await;
    check_payments(world, &books);
    check_covered(&books);
    ledger(&books)
}

async fn read(world: &World, rows: &[Row]) -> Books {
    let store = world.store();
    let of = |entity: &'static str| rows.iter().filter(move |row| row.entity() == entity);
    let mut journal = Vec::new();
    for row in of("journal") {
        let id: TransactionId = row.text("id").unwrap().parse().unwrap();
        journal.push(store.transaction(&id).await.unwrap().unwrap());
    }
    let ids: BTreeSet<_> =
        rows.iter().filter_map(|row| row.key().pk.strip_prefix("CNV#").map(str::to_owned)).collect();
    let mut records = Vec::new();
    for id in ids {
        let id: ConversionId = id.parse().unwrap();
        records.push(store.conversion(&id).await.unwrap());
    }
    let mut payouts = Vec::new();
    for row in of("payout") {
        let id = row.text("id").unwrap().parse().unwrap();
        payouts.push(store.payout(&id).await.unwrap().unwrap().value);
    }
    Books { journal, records, payouts }
}

fn check_transactions(journal: &[Transaction]) {
    for transaction in journal {
        let sum: i128 = transaction.postings.iter().map(|posting| i128::from(posting.minor)).sum();
        assert_eq!(sum, 0, "{} does not balance: {transaction:#?}", transaction.id);
    }
}

/// Each line is worth what its frozen terms say at what is left of the charge.
fn check_commissions(books: &Books) {
    for record in &books.records {
        for line in record.commissions.iter().map(|line| &line.value) {
            let own = record.adjustments.iter().filter(|adjustment| adjustment.commission_id == line.id);
            let sum: i64 = own.map(|adjustment| adjustment.amount.minor()).sum();
            assert_eq!(line.adjusted.minor(), sum, "{}: {line:#?}", line.id);
        }
        if let Some(award) = &record.award {
            let line = &record.commissions[0].value;
            assert_eq!(record.commissions.len(), 1, "{}", award.value.id);
            assert_eq!(line.amount, line.at(award.value.priced()).unwrap(), "{}: {line:#?}", line.id);
        }
        let Some(conversion) = record.conversion().map(|known| &known.value) else { continue };
        assert!(record.waiting.is_empty(), "refunds of {} still wait: {:?}", conversion.id, record.waiting);
        let come_to = refunded(conversion.charge.amount, &record.applied).unwrap();
        assert_eq!(come_to.sum, conversion.refunded, "refunds of {}", conversion.id);
        let Some(terms) = &conversion.terms else {
            assert!(record.commissions.is_empty(), "{} has lines and no terms", conversion.id);
            continue;
        };
        let lines = record.lines();
        let prices: Vec<_> = lines.iter().map(|line| line.price.clone()).collect();
        let amounts = terms.amounts(&prices, &conversion.charge, conversion.refunded).unwrap();
        for (line, amount) in lines.iter().zip(amounts) {
            assert_eq!(line.amount, line.at(amount).unwrap(), "{}: {line:#?}", line.id);
        }
    }
}

fn lines(books: &Books) -> impl Iterator<Item = &Commission> {
    books.records.iter().flat_map(|record| record.commissions.iter().map(|line| &line.value))
}

/// What was spent is what the commissions are worth.
fn check_expense(books: &Books) {
    let mut spent: BTreeMap<ProgramId, i128> = BTreeMap::new();
    for transaction in &books.journal {
        for posting in transaction.postings.iter().filter(|posting| posting.account == Account::Expense) {
            *spent.entry(transaction.program_id.clone()).or_default() += i128::from(posting.minor);
        }
    }
    let mut worth: BTreeMap<ProgramId, i128> = spent.keys().map(|program| (program.clone(), 0)).collect();
    for line in lines(books) {
        *worth.entry(line.program_id.clone()).or_default() += i128::from(line.amount.minor());
    }
    worth.retain(|program, sum| *sum != 0 || spent.contains_key(program));
    assert_eq!(spent, worth, "expense differs from the sum of the commissions");
}

/// What the journal says of each owner's accounts: available, transit, held, paid.
fn owned(journal: &[Transaction]) -> BTreeMap<Owner, [i128; 4]> {
    let mut owned: BTreeMap<Owner, [i128; 4]> = BTreeMap::new();
    for transaction in journal {
        for posting in &transaction.postings {
            let Some(partner) = posting.account.partner() else { continue };
            let owner = (transaction.program_id.clone(), partner.clone(), transaction.currency);
            let balances = owned.entry(owner).or_default();
            let minor = i128::from(posting.minor);
            match (&posting.account, transaction.kind) {
                (
                    Account::Available(_),
                    TransactionKind::PayoutReturn | TransactionKind::PayoutSettleLate,
                ) => {
                    balances[0] -= minor;
                    balances[3] += minor;
                }
                (Account::Available(_), _) => balances[0] -= minor,
                (Account::Transit(_), TransactionKind::PayoutSettle) => {
                    balances[1] -= minor;
                    balances[3] += minor;
                }
                (Account::Transit(_), _) => balances[1] -= minor,
                (Account::Held(_), _) => balances[2] -= minor,
                _ => {}
            }
        }
    }
    owned
}

/// The strong balances are the negated sums of their postings.
async fn check_balances(world: &World, books: &Books) {
    for ((program, partner, currency), expected) in owned(&books.journal) {
        let account = world.store().account(&program, &partner, currency).await.unwrap();
        let balances = account.balances;
        let kept = [balances.available, balances.transit, balances.held, balances.paid];
        let kept = kept.map(|money| i128::from(money.minor()));
        assert_eq!(kept, expected, "balances (available, transit, held, paid) of {partner} in {program}");
        let open = books.payouts.iter().find(|payout| {
            payout.program_id == program && payout.partner_id == partner && is_open(payout.status)
        });
        assert_eq!(account.open_payout.as_ref(), open.map(|payout| &payout.id), "open payout of {partner}");
        assert_eq!(
            kept[1],
            open.map_or(0, |payout| i128::from(payout.amount.minor())),
            "transit of {partner}"
        );
    }
}

fn is_open(status: PayoutStatus) -> bool {
    !matches!(status, PayoutStatus::Paid | PayoutStatus::Failed | PayoutStatus::Returned)
}

/// Pending accounts hold what has not matured, and the projections have followed.
async fn check_pending(world: &World, books: &Books) {
    let mut booked: BTreeMap<Owner, i128> = BTreeMap::new();
    for transaction in &books.journal {
        for posting in &transaction.postings {
            if let Account::Pending(partner) = &posting.account {
                let owner = (transaction.program_id.clone(), partner.clone(), transaction.currency);
                *booked.entry(owner).or_default() -= i128::from(posting.minor);
            }
        }
    }
    let mut waiting: BTreeMap<Owner, i128> = booked.keys().map(|owner| (owner.clone(), 0)).collect();
    for line in lines(books).filter(|line| line.matured_at.is_none()) {
        let owner = (line.program_id.clone(), line.partner_id.clone(), line.amount.currency());
        *waiting.entry(owner).or_default() += i128::from(line.amount.minor());
    }
    assert_eq!(booked, waiting, "pending accounts differ from the lines that have not matured");
    for ((program, partner, currency), expected) in booked {
        let totals = world.store().totals(&program, &partner, currency).await.unwrap();
        assert_eq!(i128::from(totals.pending.minor()), expected, "projected pending of {partner}");
        let mut earned = BTreeMap::new();
        for line in lines(books).filter(|line| line.partner_id == partner && line.program_id == program) {
            *earned.entry(line.id.level()).or_insert(0) += line.amount.minor();
        }
        earned.retain(|_, minor| *minor != 0);
        let mut projected: BTreeMap<_, _> =
            totals.earnings_by_level.iter().map(|(level, money)| (*level, money.minor())).collect();
        projected.retain(|_, minor| *minor != 0);
        assert_eq!(projected, earned, "projected earnings of {partner} by level");
    }
}

/// What is marked as paid was paid by a payout whose money did not come back. A line whose charge was
/// disputed by then is left as it was.
fn check_covered(books: &Books) {
    for record in &books.records {
        let was_disputed = record.applied.iter().any(|refund| refund.cause == RefundCause::Dispute);
        for line in record.commissions.iter().map(|line| &line.value) {
            let by = books.payouts.iter().find(|payout| line.payout_id.as_ref() == Some(&payout.id));
            let is_kept = by.is_some_and(|payout| payout.status == PayoutStatus::Paid) || was_disputed;
            assert!(line.status != CommissionStatus::Paid || is_kept, "{}: {line:#?} by {by:?}", line.id);
        }
    }
}

/// Nobody was paid twice, and who was paid was paid once.
fn check_payments(world: &World, books: &Books) {
    let payments = world.payments.lock().payments();
    for payout in &books.payouts {
        let is_of =
            |name: &Option<String>| name.as_deref().is_some_and(|name| name.starts_with(payout.id.as_str()));
        let made: Vec<_> =
            payments.iter().filter(|payment| is_of(&payment.reference) || is_of(&payment.key)).collect();
        let money_out = made.iter().map(|payment| payment.applied).max().unwrap_or(0);
        assert!(money_out <= 1, "payout {} was paid {money_out} times: {made:#?}", payout.id);
        match payout.status {
            PayoutStatus::Paid => assert_eq!(money_out, 1, "payout {} was never paid", payout.id),
            PayoutStatus::Failed | PayoutStatus::Returned => {
                assert_eq!(money_out, 0, "payout {} failed and was paid", payout.id);
            }
            _ => {}
        }
    }
}

fn ledger(books: &Books) -> Ledger {
    let mut balances = BTreeMap::new();
    for transaction in &books.journal {
        for posting in &transaction.postings {
            let name = format!("{}/{}/{}", transaction.program_id, posting.account, transaction.currency);
            *balances.entry(name).or_insert(0) -= i128::from(posting.minor);
        }
    }
    balances.retain(|_, sum| *sum != 0);
    let commissions = lines(books)
        .map(|line| (line.id.to_string(), (line.earned.minor(), line.amount.minor(), line.status)))
        .collect();
    Ledger { balances, commissions }
}
