//! The Lambda entry of `evaluate-tiers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::tick(evaluate_tiers::handle).await
}
