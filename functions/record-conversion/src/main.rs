//! The Lambda entry of `record-conversion`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(record_conversion::handle).await
}
