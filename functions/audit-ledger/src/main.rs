//! The Lambda entry of `audit-ledger`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::tick(audit_ledger::handle).await
}
