//! The Lambda entry of `list-links`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_links::handle).await
}
