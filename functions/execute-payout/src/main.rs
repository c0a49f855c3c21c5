//! The Lambda entry of `execute-payout`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::consume(execute_payout::handle).await
}
