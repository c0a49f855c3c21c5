//! API Gateway: routes, authorizer, events in, answers out; each answer is held against the contract.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::{
    contract::{Contract, Operation},
    functions::{self, Answerer, Authorizer},
    request::{Call, Reply},
    template::Template,
    world::World,
};

/// The gateway of one world.
#[derive(Default)]
pub struct Gateway {
    called: Mutex<BTreeSet<String>>,
    answerers: tokio::sync::Mutex<BTreeMap<String, Answerer>>,
    authorizer: tokio::sync::Mutex<Option<Authorizer>>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("called", &self.called).finish_non_exhaustive()
    }
}

/// A route that a request matches.
struct Route {
    binary: &'static str,
    public: bool,
    operation: &'static Operation,
    parameters: BTreeMap<String, String>,
}

impl Gateway {
    /// The operations that were carried out so far.
    #[must_use]
    pub fn called(&self) -> BTreeSet<String> {
        self.called.lock().unwrap().clone()
    }

    /// Answers a request as the deployed API would.
    pub async fn answer(&self, world: &World, call: Call<'_>) -> Reply {
        let Some(route) = route(&call.method, &call.path) else { return message(404, "Not Found") };
        let reply = self.routed(world, &route, &call).await;
        world.breaches.assert_none();
        if reply.status == 0 {
            // The function gave no answer at all.
            return message(500, "Internal Server Error");
        }
        let line = format!("{} {} -> {}", call.method, call.path, reply.status);
        let checked = Contract::get().check_response(route.operation, &reply);
        checked.unwrap_or_else(|fault| panic!("{line}: not as openapi.yaml says: {fault}\n{}", reply.text));
        if reply.status < 400 {
            let body = serde_json::from_slice(&call.body).unwrap_or_default();
            let taken = Contract::get().check_request(route.operation, &body);
            taken.unwrap_or_else(|fault| panic!("{line}: took what openapi.yaml forbids: {fault}\n{body}"));
            self.called.lock().unwrap().insert(route.operation.id.clone());
        }
        reply
    }

    /// The function that answers, started if it was not.
    pub async fn start(&self, world: &World, binary: &str) -> Answerer {
        let mut answerers = self.answerers.lock().await;
        if !answerers.contains_key(binary) {
            answerers.insert(binary.to_owned(), functions::answerer(world, binary).await);
        }
        answerers[binary].clone()
    }

    /// Ends every function; each starts anew when it is called next.
    pub async fn restart(&self) {
        self.answerers.lock().await.clear();
        *self.authorizer.lock().await = None;
    }

    async fn authorizer(&self, world: &World) -> Authorizer {
        let mut authorizer = self.authorizer.lock().await;
        match &*authorizer {
            Some(authorizer) => authorizer.clone(),
            None => authorizer.insert(functions::authorizer(world).await).clone(),
        }
    }

    async fn routed(&self, world: &World, route: &Route, call: &Call<'_>) -> Reply {
        let mut event = event(world, route, call);
        if !route.public {
            let Some(shown) = call.headers.get("authorization") else { return message(401, "Unauthorized") };
            let mut asked = event.clone();
            asked["type"] = json!("REQUEST");
            asked["identitySource"] = json!([shown]);
            let authorizer = self.authorizer(world).await;
            match authorizer(asked, world.now()).await {
                Ok(decision) if decision.is_authorized => {
                    event["requestContext"]["authorizer"] = json!({ "lambda": decision.context });
                }
                Ok(_) => return message(403, "Forbidden"),
                Err(_) => return message(500, "Internal Server Error"),
            }
        }
        let answerer = self.start(world, route.binary).await;
        let response = answerer(serde_json::from_value(event).unwrap()).await;
        reply(&serde_json::to_value(response).unwrap())
    }
}

/// The gateway's own answer.
fn message(status: u16, text: &str) -> Reply {
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    Reply::new(status, headers, json!({ "message": text }).to_string())
}

fn route(method: &str, path: &str) -> Option<Route> {
    let mut routes: Vec<Route> = Template::get()
        .functions()
        .iter()
        .filter_map(|function| {
            let (allowed, pattern, public) = function.route()?;
            let parameters = parameters(pattern, path).filter(|_| allowed == method)?;
            let operation = Contract::get().operation(allowed, pattern);
            Some(Route { binary: &function.binary, public, operation, parameters })
        })
        .collect();
    // The gateway prefers the route with fewer parameters.
    routes.sort_by_key(|route| route.parameters.len());
    routes.into_iter().next()
}

fn parameters(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    if pattern.len() != path.len() {
        return None;
    }
    let mut parameters = BTreeMap::new();
    for (part, text) in pattern.into_iter().zip(path) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if !text.is_empty() => {
                parameters.insert(name.to_owned(), text.to_owned());
            }
            _ if part == text => {}
            _ => return None,
        }
    }
    Some(parameters)
}

/// The event, payload 2.0.
fn event(world: &World, route: &Route, call: &Call<'_>) -> Value {
    let key = format!("{} {}", route.operation.method, route.operation.path);
    let mut headers = call.headers.clone();
    let cookies = headers.remove("cookie");
    let cookies: Option<Vec<_>> = cookies.as_deref().map(|line| line.split("; ").collect());
    let mut event = json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": call.path,
        "rawQueryString": call.query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "api.acme.example",
            "domainPrefix": "api",
            "http": {
                "method": call.method,
                "path": call.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": headers.get("user-agent"),
            },
            "requestId": world.fresh("request"),
            "routeKey": key,
            "stage": "$default",
            "time": "02/Nov/2026:10:00:00 +0000",
            "timeEpoch": world.now().as_millisecond(),
        },
        "pathParameters": route.parameters,
        "isBase64Encoded": call.base64,
    });
    if let Some(cookies) = cookies {
        event["cookies"] = json!(cookies);
    }
    if !call.body.is_empty() {
        event["body"] = json!(call.event_body());
    }
    event
}

fn reply(response: &Value) -> Reply {
    let mut headers = BTreeMap::new();
    for name in ["headers", "multiValueHeaders"] {
        for (header, value) in response[name].as_object().into_iter().flatten() {
            let value = value.as_str().or_else(|| value[0].as_str()).unwrap_or_default();
            headers.insert(header.to_lowercase(), value.to_owned());
        }
    }
    if let Some(cookie) = response["cookies"][0].as_str() {
        headers.insert("set-cookie".to_owned(), cookie.to_owned());
    }
    let status = u16::try_from(response["statusCode"].as_i64().unwrap()).unwrap();
    let text = response["body"].as_str().unwrap_or_default();
    if response["isBase64Encoded"] == true {
        return Reply::of_bytes(status, headers, BASE64.decode(text.as_bytes()).unwrap());
    }
    Reply::new(status, headers, text.to_owned())
}
