//! The Lambda entry of `register-partner`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(register_partner::handle).await
}
