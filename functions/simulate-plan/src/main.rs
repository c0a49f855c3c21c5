//! The Lambda entry of `simulate-plan`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(simulate_plan::handle).await
}
