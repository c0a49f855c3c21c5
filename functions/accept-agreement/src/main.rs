//! The Lambda entry of `accept-agreement`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accept_agreement::handle).await
}
