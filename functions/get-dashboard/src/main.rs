//! The Lambda entry of `get-dashboard`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(get_dashboard::handle).await
}
