//! The Lambda entry of `list-tier-changes`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_tier_changes::handle).await
}
