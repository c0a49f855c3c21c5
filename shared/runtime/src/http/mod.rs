//! HTTP requests and answers, as API Gateway's payload 2.0 carries them.
//!
//! The event types are used directly rather than through `lambda_http`: its conversion panics on
//! query strings and host names that API Gateway lets through, before any code of ours could
//! answer, and a link with an odd campaign name would lead to an error page.

mod access_log;
mod body;
mod code;
mod problem;
mod progress;
mod query;
mod request;
mod response;
mod sealed;

#[cfg(test)]
mod tests;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use futures_util::future::BoxFuture;

pub use body::{BODY_LIMIT, parse};
pub use code::Code;
pub use problem::Problem;
pub use progress::Progress;
pub use query::NoFilters;
pub use request::Request;
pub use response::{Answer, Response};
pub use sealed::SealedAnswers;

use crate::{afterwards::Afterwards, panic::caught};
use access_log::AccessLog;

/// Answers one request, whatever happens: a panic becomes a problem, and every answer carries
/// the request's id and leaves one line in the log. What is to be done when the answer has gone out
/// is left in `afterwards`.
pub async fn answer<D, H, F>(
    deps: D,
    handle: H,
    event: ApiGatewayV2httpRequest,
    afterwards: Afterwards,
) -> ApiGatewayV2httpResponse
where
    D: Send,
    H: Fn(D, Request) -> F + Send + Sync,
    F: Future<Output = Answer> + Send,
{
    let request = Request::new(event, afterwards);
    let log = AccessLog::start(&request);
    // The handler is called inside the future, so that a panic before its first await counts too.
    finish(log, Box::pin(async move { handle(deps, request).await })).await
}

/// The part that is the same machine code for every handler.
async fn finish(log: AccessLog, work: BoxFuture<'_, Answer>) -> ApiGatewayV2httpResponse {
    let answer = caught(work).await.unwrap_or_else(|panicked| Err(Problem::internal(panicked)));
    let response = match answer {
        Ok(response) => {
            log.answered(response.status());
            response
        }
        Err(problem) => {
            log.failed(&problem);
            problem.into_response(log.request_id())
        }
    };
    response.into_event(log.request_id())
}
