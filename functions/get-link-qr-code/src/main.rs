//! The Lambda entry of `get-link-qr-code`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(get_link_qr_code::handle).await
}
