//! The Lambda entry of `list-webhook-endpoints`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_webhook_endpoints::handle).await
}
