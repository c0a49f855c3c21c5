//! The Lambda entry of `approve-application`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(approve_application::handle).await
}
