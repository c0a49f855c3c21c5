//! The Lambda entry of `discard-parked-message`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(discard_parked_message::handle).await
}
