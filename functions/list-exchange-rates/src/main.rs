//! The Lambda entry of `list-exchange-rates`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_exchange_rates::handle).await
}
