//! The Lambda entry of `replay-program`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(replay_program::handle).await
}
