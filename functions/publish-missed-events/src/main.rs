//! The Lambda entry of `publish-missed-events`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::tick(publish_missed_events::handle).await
}
