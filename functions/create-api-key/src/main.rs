//! The Lambda entry of `create-api-key`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(create_api_key::handle).await
}
