//! The Lambda entry of `list-applications`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_applications::handle).await
}
