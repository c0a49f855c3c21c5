//! The Lambda entry of `authorize`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::authorize(authorize::handle).await
}
