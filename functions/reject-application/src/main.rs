//! The Lambda entry of `reject-application`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(reject_application::handle).await
}
