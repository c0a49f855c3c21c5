//! The Lambda entry of `evaluate-bonuses`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::tick(evaluate_bonuses::handle).await
}
