use super::now;
use domain::{accrual, ledger::{Account, Entry, TransactionKind}};
use super::sample::{partner_id, program_id};
use crate::{journal, testing::TestTable, transaction::Transaction};

#[tokio::test]
async fn probe_totals() {
    let table = TestTable::create().await;
    let store = table.store();
    let usd = "USD".parse().unwrap();
    let _ = accrual::accrue;
    let booked = Entry::new().debit(Account::Expense, 500).credit(Account::Pending(partner_id("ann")), 500)
        .close(&program_id(), TransactionKind::Accrue, &["x"], now(), usd).unwrap().unwrap();
    let mut t = Transaction::new();
    t.put_new(journal::new_row(&booked, None).unwrap());
    store.commit(t).await.unwrap();
    for row in store.overdue(super::sample::minutes(1), 10).await.unwrap() {
        assert!(store.project(row).await.unwrap());
    }
    let account = crate::key::account_text(&program_id(), &partner_id("ann"), usd);
    store.update(crate::expression::Update::new(crate::key::projection(&account)).add("level_01", 7)).await.unwrap();
    for row in table.dump().await { println!("{:?}", row); }
    println!("{:?}", store.totals(&program_id(), &partner_id("ann"), usd).await);
}
