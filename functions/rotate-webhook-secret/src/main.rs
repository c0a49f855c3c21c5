//! The Lambda entry of `rotate-webhook-secret`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(rotate_webhook_secret::handle).await
}
