//! The Lambda entry of `follow-link`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(follow_link::handle).await
}
