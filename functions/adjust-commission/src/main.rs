//! The Lambda entry of `adjust-commission`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(adjust_commission::handle).await
}
