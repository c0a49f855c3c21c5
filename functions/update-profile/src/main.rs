//! The Lambda entry of `update-profile`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(update_profile::handle).await
}
