//! The Lambda entry of `list-commissions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_commissions::handle).await
}
