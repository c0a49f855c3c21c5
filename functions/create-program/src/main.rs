//! The Lambda entry of `create-program`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(create_program::handle).await
}
