//! The Lambda entry of `decide-commission`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(decide_commission::handle).await
}
