//! The Lambda entry of `create-webhook-endpoint`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(create_webhook_endpoint::handle).await
}
