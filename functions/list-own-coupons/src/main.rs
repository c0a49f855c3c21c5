//! The Lambda entry of `list-own-coupons`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(list_own_coupons::handle).await
}
