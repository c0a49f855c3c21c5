//! The Lambda entry of `explain-commission`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(explain_commission::handle).await
}
