//! The Lambda entry of `retry-parked-message`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(retry_parked_message::handle).await
}
