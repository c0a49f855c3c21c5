//! The Lambda entry of `create-coupon`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(create_coupon::handle).await
}
