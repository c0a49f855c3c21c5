//! Work that a handler leaves for the time after its answer.
//!
//! Lambda hands an answer on as soon as it is posted to the Runtime API, and freezes the instance only
//! when the next event is asked for: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>,
//! <https://aws.amazon.com/blogs/compute/running-code-after-returning-a-response-from-an-aws-lambda-function/>.
//! What runs in between keeps nobody waiting. `lambda_runtime` lets a layer in there: its innermost
//! service ends when the post was acknowledged (`RuntimeApiClientFuture::Second` in its
//! `layers/api_client.rs`), and its loop asks for the next event when the outermost one has ended
//! (`Runtime::run_with_incoming` in its `runtime.rs`).
//!
//! Only for what may get lost: the instance can die in between, and nobody is told.

use std::{
    error::Error as StdError,
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Then},
};
use lambda_runtime::{
    LambdaInvocation,
    tower::{Layer, Service},
};

use crate::{clock, panic::caught, telemetry};

/// For each piece of work. Until it is over, the instance takes no other request.
const LIMIT: Duration = Duration::from_millis(500);

/// What is left to do, in the order in which it was left.
#[derive(Clone, Default)]
pub struct Afterwards(Arc<Mutex<Vec<Left>>>);

struct Left {
    name: &'static str,
    work: BoxFuture<'static, Result<(), String>>,
}

impl Afterwards {
    /// Leaves work for after the answer. `name` tells it apart in log and metric.
    pub(crate) fn leave<E: StdError + 'static>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let work = work.map(|done| done.map_err(|error| telemetry::chain(&error))).boxed();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Left { name, work });
    }

    /// Does what was left. What fails, panics or takes too long is given up and told.
    pub async fn finish(&self) {
        let left = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for Left { name, work } in left {
            let cause = match tokio::time::timeout(LIMIT, caught(work)).await {
                Ok(Ok(Ok(()))) => continue,
                Ok(Ok(Err(cause))) => cause,
                Ok(Err(panicked)) => panicked.to_string(),
                Err(_) => format!("not done within {} ms", LIMIT.as_millis()),
            };
            tracing::warn!(work.name = name, error.cause = cause, "work after the answer was given up");
            telemetry::metric("WorkGivenUp", 1, &[("work", name)], clock::now());
        }
    }
}

impl<S> Layer<S> for Afterwards {
    type Service = AfterwardsService<S>;

    fn layer(&self, inner: S) -> AfterwardsService<S> {
        AfterwardsService { inner, afterwards: self.clone() }
    }
}

/// Answers first, and then does what was left.
pub struct AfterwardsService<S> {
    inner: S,
    afterwards: Afterwards,
}

type Answered = Result<(), lambda_runtime::Error>;
type Rest = Box<dyn FnOnce(Answered) -> BoxFuture<'static, Answered> + Send>;

impl<S> Service<LambdaInvocation> for AfterwardsService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = lambda_runtime::Error>,
{
    type Response = ();
    type Error = lambda_runtime::Error;
    type Future = Then<S::Future, BoxFuture<'static, Answered>, Rest>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Answered> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let afterwards = self.afterwards.clone();
        let rest = |answered| {
            async move {
                afterwards.finish().await;
                answered
            }
            .boxed()
        };
        self.inner.call(invocation).then(Box::new(rest))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no luck")]
    struct NoLuck;

    #[tokio::test(start_paused = true)]
    async fn what_goes_wrong_takes_nothing_else_along() {
        let (afterwards, done) = (Afterwards::default(), Arc::new(AtomicUsize::new(0)));
        let count = |afterwards: &Afterwards| {
            let done = Arc::clone(&done);
            afterwards.leave("count", async move {
                done.fetch_add(1, Ordering::Relaxed);
                Ok::<_, NoLuck>(())
            });
        };
        afterwards.leave("fail", async { Err(NoLuck) });
        count(&afterwards);
        afterwards.leave("panic", async { if true { panic!("at work") } else { Ok::<_, NoLuck>(()) } });
        count(&afterwards);
        afterwards.leave("hang", std::future::pending::<Result<(), NoLuck>>());
        count(&afterwards);
        assert_eq!(done.load(Ordering::Relaxed), 0, "nothing is done before its time");
        let started = tokio::time::Instant::now();
        afterwards.finish().await;
        assert_eq!(done.load(Ordering::Relaxed), 3);
        assert!(started.elapsed() < 2 * LIMIT);
        afterwards.finish().await;
        assert_eq!(done.load(Ordering::Relaxed), 3, "what is done is done once");
    }
}
