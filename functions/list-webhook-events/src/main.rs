//! The Lambda entry of `list-webhook-events`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_webhook_events::handle).await
}
