//! The Lambda entry of `list-parked-messages`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_parked_messages::handle).await
}
