//! The Lambda entry of `replay-webhook-event`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(replay_webhook_event::handle).await
}
