//! The Lambda entry of `mature-commissions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::consume(mature_commissions::handle).await
}
