//! The Lambda entry of `set-payout-method`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(set_payout_method::handle).await
}
