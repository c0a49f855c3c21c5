//! The Lambda entry of `list-coupons`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_coupons::handle).await
}
