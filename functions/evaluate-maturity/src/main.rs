//! The Lambda entry of `evaluate-maturity`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::tick(evaluate_maturity::handle).await
}
