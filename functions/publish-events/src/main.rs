//! The Lambda entry of `publish-events`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::react(publish_events::handle).await
}
