//! The Lambda entry of `reconcile-payouts`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::tick(reconcile_payouts::handle).await
}
