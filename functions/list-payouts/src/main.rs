//! The Lambda entry of `list-payouts`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_payouts::handle).await
}
