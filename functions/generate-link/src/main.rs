//! The Lambda entry of `generate-link`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(generate_link::handle).await
}
