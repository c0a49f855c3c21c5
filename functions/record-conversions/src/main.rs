//! The Lambda entry of `record-conversions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(record_conversions::handle).await
}
