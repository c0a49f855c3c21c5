//! The gate at which every request waits until it is let through.

use std::sync::Arc;

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};

use super::network::Network;

/// A function's client over the network.
#[derive(Debug)]
pub(crate) struct Client {
    http: SharedHttpClient,
    network: Network,
    binary: Arc<str>,
}

impl Client {
    pub(crate) fn new(http: SharedHttpClient, network: Network, binary: &str) -> Self {
        Self { http, network, binary: binary.into() }
    }
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        let line = Line { connector, binary: self.binary.clone() };
        SharedHttpConnector::new(Gate { line, network: self.network.clone() })
    }
}

/// A function's line into the network.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) connector: SharedHttpConnector,
    pub(crate) binary: Arc<str>,
}

#[derive(Debug)]
struct Gate {
    line: Line,
    network: Network,
}

impl HttpConnector for Gate {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some((id, gate)) = self.network.arrive() else { return self.line.connector.call(request) };
        let (network, line) = (self.network.clone(), self.line.clone());
        let passage = Passage { network: network.clone(), id, is_through: false };
        HttpConnectorFuture::new(async move {
            gate.acquire().await.unwrap().forget();
            passage.end();
            network.carry(id, &line, request).await
        })
    }
}

/// A request on its way to the gate. Its sender may give it up there.
struct Passage {
    network: Network,
    id: u64,
    is_through: bool,
}

impl Passage {
    fn end(mut self) {
        self.is_through = true;
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if !self.is_through {
            self.network.give_up(self.id);
        }
    }
}
