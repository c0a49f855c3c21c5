//! The Lambda entry of `calculate-commission`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::consume(calculate_commission::handle).await
}
