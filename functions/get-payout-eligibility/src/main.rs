//! The Lambda entry of `get-payout-eligibility`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(get_payout_eligibility::handle).await
}
