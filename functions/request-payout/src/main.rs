//! The Lambda entry of `request-payout`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(request_payout::handle).await
}
