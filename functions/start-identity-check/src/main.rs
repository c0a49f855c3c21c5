//! The Lambda entry of `start-identity-check`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(start_identity_check::handle).await
}
