//! One line for each request.

use crate::{Caller, Problem, Request, clock::Stopwatch, telemetry};

/// What is known of a request before it is handled; ids and names only.
#[derive(Debug)]
pub(super) struct AccessLog {
    request_id: String,
    route: String,
    role: &'static str,
    caller: String,
    stopwatch: Stopwatch,
}

impl AccessLog {
    pub(super) fn start(request: &Request) -> Self {
        let caller = request.caller().ok();
        Self {
            request_id: request.request_id().to_owned(),
            route: request.route().to_owned(),
            role: caller.as_ref().map_or("none", Caller::role),
            caller: caller.as_ref().map(|caller| caller.id().to_owned()).unwrap_or_default(),
            stopwatch: Stopwatch::start(),
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    pub(super) fn answered(&self, status: u16) {
        self.line(status, "");
    }

    /// The cause is logged here and nowhere else.
    pub(super) fn failed(&self, problem: &Problem) {
        let cause = problem.cause().map(telemetry::chain);
        let (code, status) = (problem.code().as_str(), problem.status());
        if status >= 500 {
            tracing::error!(
                http.request_id = self.request_id,
                error.code = code,
                error.cause = cause.unwrap_or_default(),
                "request failed"
            );
        } else if let Some(cause) = cause {
            tracing::info!(
                http.request_id = self.request_id,
                error.code = code,
                error.cause = cause,
                "request refused"
            );
        }
        self.line(status, code);
    }

    fn line(&self, status: u16, code: &str) {
        let duration = u64::try_from(self.stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            http.request_id = self.request_id,
            http.route = self.route,
            http.status = status,
            http.duration_ms = duration,
            caller.role = self.role,
            caller.id = self.caller,
            error.code = code,
            "request"
        );
    }
}
