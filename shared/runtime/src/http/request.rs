//! A request as a handler sees it.

use std::{collections::HashMap, error::Error as StdError, fmt, str::FromStr};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext};
use http::{HeaderMap, Method, header};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{Code, Problem, body, query};
use crate::{
    AdminCaller, Caller, Cursors, Idempotency, MerchantCaller, PageRequest, PartnerCaller, Scope,
    afterwards::Afterwards, clock, idempotency,
};

/// One request.
///
/// Its debug print shows method and route only: headers hold tokens, bodies hold personal data.
pub struct Request {
    context: ApiGatewayV2httpRequestContext,
    received_at: Timestamp,
    headers: HeaderMap,
    cookies: Vec<String>,
    path: String,
    raw_query: String,
    path_parameters: HashMap<String, String>,
    body: Option<Vec<u8>>,
    afterwards: Afterwards,
}

impl Request {
    pub(super) fn new(event: ApiGatewayV2httpRequest, afterwards: Afterwards) -> Self {
        Self {
            afterwards,
            body: body::decode(event.body, event.is_base64_encoded),
            headers: event.headers,
            cookies: event.cookies.unwrap_or_default(),
            path: event.raw_path.unwrap_or_default(),
            raw_query: event.raw_query_string.unwrap_or_default(),
            path_parameters: event.path_parameters,
            received_at: received_at(&event.request_context),
            context: event.request_context,
        }
    }

    /// Who is calling.
    ///
    /// # Errors
    /// 401 when the authorizer did not say.
    pub fn caller(&self) -> Result<Caller, Problem> {
        let fields = self.context.authorizer.as_ref().map(|authorizer| &authorizer.fields);
        fields
            .and_then(|fields| Caller::from_context(|name| fields.get(name)?.as_str()))
            .ok_or_else(Problem::unauthenticated)
    }

    /// The calling partner.
    ///
    /// # Errors
    /// 401 without a caller, 403 for another role.
    pub fn partner(&self) -> Result<PartnerCaller, Problem> {
        match self.caller()? {
            Caller::Partner(partner) => Ok(partner),
            Caller::Admin(_) | Caller::Merchant(_) => Err(Problem::forbidden().detail("for partners only")),
        }
    }

    /// The calling administrator.
    ///
    /// # Errors
    /// 401 without a caller, 403 for another role.
    pub fn admin(&self) -> Result<AdminCaller, Problem> {
        match self.caller()? {
            Caller::Admin(admin) => Ok(admin),
            Caller::Partner(_) | Caller::Merchant(_) => {
                Err(Problem::forbidden().detail("for administrators only"))
            }
        }
    }

    /// The calling merchant, whose key must have a scope.
    ///
    /// # Errors
    /// 401 without a caller, 403 for another role or a key without the scope.
    pub fn merchant(&self, scope: Scope) -> Result<MerchantCaller, Problem> {
        match self.caller()? {
            Caller::Merchant(merchant) if merchant.scopes.contains(&scope) => Ok(merchant),
            Caller::Merchant(_) => {
                Err(Problem::forbidden().detail(format!("the API key lacks the scope {scope}")))
            }
            Caller::Partner(_) | Caller::Admin(_) => Err(Problem::forbidden().detail("for API keys only")),
        }
    }

    /// An id in the path.
    ///
    /// # Errors
    /// 404 when it is not an id of that kind: nothing with such an id can exist.
    pub fn path_id<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        self.path_text(name).and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
    }

    /// A text in the path.
    #[must_use]
    pub fn path_text(&self, name: &str) -> Option<&str> {
        self.path_parameters.get(name).map(String::as_str)
    }

    /// The query string as a type.
    ///
    /// # Errors
    /// 422 that names the wrong parameter.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        query::parse(&self.raw_query)
    }

    /// The query string of a list: its filters, and which page is wanted.
    ///
    /// The page's cursor holds only for the same caller, the same list and the same filters.
    ///
    /// # Errors
    /// 422 that names the wrong parameter, 400 for a cursor of another list, 401 without a caller.
    pub fn page<T: DeserializeOwned>(
        &self,
        cursors: &Cursors,
        list: &str,
    ) -> Result<(T, PageRequest), Problem> {
        let (filters, query) = query::parse_list(&self.raw_query)?;
        let bound: Vec<_> =
            query.filters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // An id in the path chooses the list as much as a filter does.
        let list = format!("{list} {}", self.path);
        let scope = store::cursor::Scope { caller: &self.caller()?.scope(), list: &list, filters: &bound };
        let page =
            PageRequest::new(cursors, &scope, query.limit, query.cursor.as_deref(), self.received_at())
                .map_err(|error| Problem::new(Code::InvalidCursor).detail(error.to_string()))?;
        Ok((filters, page))
    }

    /// The body as the bytes the caller sent, for a signature over them.
    ///
    /// # Errors
    /// 413 beyond the limit.
    pub fn raw_body(&self) -> Result<&[u8], Problem> {
        self.raw_body_up_to(body::BODY_LIMIT)
    }

    /// The same for those whose bodies others make, under a limit in bytes of their own.
    ///
    /// # Errors
    /// 413 beyond the limit.
    pub fn raw_body_up_to(&self, limit: usize) -> Result<&[u8], Problem> {
        let body = self.body.as_deref().ok_or_else(|| Problem::new(Code::UnreadableBody))?;
        if body.len() > limit { Err(body::too_large(limit)) } else { Ok(body) }
    }

    /// The body as a type.
    ///
    /// # Errors
    /// 413 beyond the limit, 415 for another content type, 400 when it is no JSON, 422 when a
    /// field is wrong.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body = self.raw_body()?;
        if !self.header(header::CONTENT_TYPE.as_str()).is_some_and(body::is_json) {
            return Err(
                Problem::new(Code::UnsupportedMediaType).detail("send Content-Type: application/json")
            );
        }
        body::parse(body)
    }

    /// The caller's idempotency key for an operation.
    ///
    /// # Errors
    /// 400 when it is missing or not usable, 401 without a caller.
    pub fn idempotency(&self, operation: &'static str) -> Result<Idempotency, Problem> {
        let parts = [self.method().as_str().as_bytes(), self.path.as_bytes(), self.raw_body()?];
        let key = self.headers.get("idempotency-key");
        // A key of other characters is a bad key, not a missing one.
        let key = key.map(|key| key.to_str().unwrap_or_default());
        idempotency::of(key, &self.caller()?, operation, parts)
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A cookie's value.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .filter_map(|cookie| cookie.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value)
    }

    /// Leaves work for when the answer has gone out, so that the caller does not wait for it.
    ///
    /// It has half a second, and may get lost: when it fails or takes longer, or the instance dies, a
    /// log line and the metric `WorkGivenUp` under this name are all that is left of it.
    pub fn afterwards<E: StdError + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.afterwards.leave(name, work);
    }

    /// When API Gateway received the request: the time of everything the request does.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// API Gateway's id of the request, which the caller gets back in `X-Request-Id`.
    #[must_use]
    pub fn request_id(&self) -> &str {
        self.context.request_id.as_deref().unwrap_or_default()
    }

    /// The host name that the request was sent to.
    pub(crate) fn domain_name(&self) -> Option<&str> {
        self.context.domain_name.as_deref()
    }

    /// The stage of the API that it was sent to.
    pub(crate) fn stage(&self) -> Option<&str> {
        self.context.stage.as_deref()
    }

    /// The method and path template that matched, such as `GET /affiliate/links`.
    #[must_use]
    pub fn route(&self) -> &str {
        self.context.route_key.as_deref().unwrap_or_default()
    }

    /// The caller's network address. Personal data: to be hashed, never stored or logged as it is.
    #[must_use]
    pub fn client_address(&self) -> Option<&str> {
        self.context.http.source_ip.as_deref()
    }

    /// What the caller's program calls itself.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.context.http.user_agent.as_deref()
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.context.http.method
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query string as sent.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        &self.raw_query
    }
}

/// An event without a time, as local stand-ins for API Gateway send it, was received just now.
fn received_at(context: &ApiGatewayV2httpRequestContext) -> Timestamp {
    match context.time_epoch {
        0 => clock::now(),
        epoch => Timestamp::from_millisecond(epoch).unwrap_or_else(|_| clock::now()),
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("route", &self.route()).finish_non_exhaustive()
    }
}
