//! A mutant in front of the payment provider: every call has a key that was never used.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{extract::Request, middleware};
use payment_world::Shared;
use tokio::net::TcpListener;

/// Serves the payment world with new keys; gives its address. It ends with the runtime.
#[expect(clippy::disallowed_methods, reason = "it runs beside the simulation and ends with it")]
pub(crate) async fn serve(payments: Shared) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicU64::new(0));
    let renew = middleware::map_request(move |mut request: Request| {
        let number = calls.fetch_add(1, Ordering::Relaxed);
        if let Some(key) = request.headers_mut().get_mut("idempotency-key") {
            *key = format!("{}-{number}", key.to_str().unwrap()).parse().unwrap();
        }
        std::future::ready(request)
    });
    let router = payment_world::router(payments).layer(renew);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
