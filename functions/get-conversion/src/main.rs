//! The Lambda entry of `get-conversion`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(get_conversion::handle).await
}
