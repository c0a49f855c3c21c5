//! The Lambda entry of `publish-plan`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(publish_plan::handle).await
}
