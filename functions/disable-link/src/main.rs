//! The Lambda entry of `disable-link`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(disable_link::handle).await
}
