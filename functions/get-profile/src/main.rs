//! The Lambda entry of `get-profile`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(get_profile::handle).await
}
