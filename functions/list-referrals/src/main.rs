//! The Lambda entry of `list-referrals`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_referrals::handle).await
}
