//! The Lambda entry of `disable-coupon`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(disable_coupon::handle).await
}
