//! The Lambda entry of `receive-webhook`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(receive_webhook::handle).await
}
