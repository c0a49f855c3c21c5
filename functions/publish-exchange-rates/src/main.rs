//! The Lambda entry of `publish-exchange-rates`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(publish_exchange_rates::handle).await
}
