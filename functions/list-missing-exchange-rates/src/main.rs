//! The Lambda entry of `list-missing-exchange-rates`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_missing_exchange_rates::handle).await
}
