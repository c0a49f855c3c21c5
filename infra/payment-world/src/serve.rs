//! The socket. It exists beside axum's own because a lost answer is no answer: a handler cannot
//! close or hold its connection, so the service here does it when the reply is [`Silence`].

use std::io;

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::http::{Shared, router};
use crate::reply::Silence;

/// Serves until the task is dropped.
///
/// # Errors
/// The listener fails for good.
pub async fn serve(listener: TcpListener, world: impl Into<Shared>) -> io::Result<()> {
    let world = world.into();
    world.lock().base_url = format!("http://{}", listener.local_addr()?);
    serve_router(listener, router(world)).await
}

#[expect(clippy::disallowed_methods, reason = "a server that never freezes, with one task a connection")]
pub(crate) async fn serve_router(listener: TcpListener, router: Router) -> io::Result<()> {
    let router = TowerToHyperService::new(router);
    loop {
        let (stream, _) = listener.accept().await?;
        let router = router.clone();
        let service = service_fn(move |request| {
            let response = router.call(request);
            async move {
                let Ok(response) = response.await;
                silence(response).await
            }
        });
        tokio::spawn(async move {
            // An error here is a client that left, or the silence that a script asked for.
            let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn silence(response: Response<Body>) -> Result<Response<Body>, io::Error> {
    match response.extensions().get::<Silence>() {
        None => Ok(response),
        Some(Silence::Close) => Err(io::ErrorKind::ConnectionReset.into()),
        Some(Silence::Hold) => std::future::pending().await,
    }
}
