//! A function's real binary, started with the environment that `template.yaml` gives it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ::tests::{
    World,
    runtime_api::{Act, RuntimeApi},
    template::Template,
};
use serde_json::Value;

use crate::Outcome;

/// The kernel's figures lag a moment behind a process that has just gone to sleep.
const SETTLING: Duration = Duration::from_millis(3);

/// What a function may take for anything before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where systems keep all roots in one file.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// A function that runs.
#[derive(Debug)]
pub(crate) struct Function {
    name: String,
    child: Child,
    api: RuntimeApi,
    started: Instant,
}

/// How long something took, by the clock and by the processor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// By the clock.
    pub(crate) wall: Duration,
    /// On the processor; the emulator's own time is not in it.
    pub(crate) processor: Duration,
}

/// One invocation, seen from outside.
#[derive(Debug)]
pub(crate) struct Observed {
    /// The answer.
    pub(crate) answer: Value,
    /// Until the answer by the clock; on the processor also what was done after it.
    pub(crate) cost: Cost,
    /// Until it asked for the next event.
    pub(crate) ready: Duration,
}

impl Function {
    /// Starts a binary; gives it with what its start took.
    pub(crate) async fn start(
        world: &World,
        name: &str,
        binary: &Path,
        table_url: &str,
    ) -> Outcome<(Self, Cost)> {
        let api = RuntimeApi::start().await;
        let variables = Template::get().function(name).variables.keys();
        let settings = variables.map(|name| (name, world.settings.get(name.as_str()).unwrap()));
        let started = Instant::now();
        let child = Command::new(binary)
            .env_clear()
            .envs(settings)
            .envs(bundle().map(|bundle| ("SSL_CERT_FILE", bundle)))
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ENDPOINT_URL_DYNAMODB", table_url)
            .env("AWS_ENDPOINT_URL_SQS", &world.cloud.url)
            .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", &world.cloud.url)
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}; {}", binary.display(), again(name)))?;
        let mut function = Self { name: name.to_owned(), child, api, started };
        let wall = function.asked().await?.duration_since(function.started);
        let processor = function.processor().await;
        Ok((function, Cost { wall, processor }))
    }

    /// Invokes it once; gives how long the answer took by the clock.
    pub(crate) async fn invoke(&mut self, event: Value) -> Outcome<Duration> {
        let sent = Instant::now();
        let (at, answer) = self.answered(event).await?;
        self.check(&answer)?;
        self.asked().await?;
        Ok(at.duration_since(sent))
    }

    /// Invokes it once, whatever the answer; gives that and what it took.
    pub(crate) async fn observe(&mut self, event: Value) -> Outcome<Observed> {
        let before = self.processor().await;
        let sent = Instant::now();
        let (at, answer) = self.answered(event).await?;
        let ready = self.asked().await?.duration_since(sent);
        let processor = self.processor().await.saturating_sub(before);
        Ok(Observed { answer, cost: Cost { wall: at.duration_since(sent), processor }, ready })
    }

    /// Invokes it once, and calls back between the answer and what the function does after it.
    pub(crate) async fn invoke_halting(&mut self, event: Value, at_answer: impl FnOnce()) -> Outcome<()> {
        self.api.hold(true);
        self.answered(event).await?;
        at_answer();
        self.api.hold(false);
        self.asked().await?;
        Ok(())
    }

    /// Invokes it once; gives what that took, the processor's time as well.
    pub(crate) async fn invoke_alone(&mut self, event: Value) -> Outcome<Cost> {
        let before = self.processor().await;
        let wall = self.invoke(event).await?;
        Ok(Cost { wall, processor: self.processor().await.saturating_sub(before) })
    }

    /// Processor time so far: of the main thread, which is the only one that a function works on.
    pub(crate) async fn processor(&self) -> Duration {
        tokio::time::sleep(SETTLING).await;
        let text = fs::read_to_string(format!("/proc/{}/schedstat", self.child.id())).unwrap();
        Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
    }

    /// The most memory it has had at once, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    async fn answered(&mut self, event: Value) -> Outcome<(Instant, Value)> {
        self.api.send(event);
        match self.act().await? {
            (at, Act::Answered(answer)) => Ok((at, answer)),
            (_, Act::Failed(why)) => Err(self.trouble(&format!("failed: {why}"))),
            (_, Act::Asked) => Err(self.trouble("asked for another event and answered none")),
        }
    }

    async fn asked(&mut self) -> Outcome<Instant> {
        match self.act().await? {
            (at, Act::Asked) => Ok(at),
            (_, Act::Failed(why)) => Err(self.trouble(&format!("failed: {why}"))),
            (_, Act::Answered(answer)) => Err(self.trouble(&format!("answered what nobody asked: {answer}"))),
        }
    }

    async fn act(&mut self) -> Outcome<(Instant, Act)> {
        if let Ok(act) = tokio::time::timeout(PATIENCE, self.api.act()).await {
            return Ok(act);
        }
        let ended = self.child.try_wait().ok().flatten();
        let state = ended.map_or_else(|| "is stuck".to_owned(), |status| format!("has ended ({status})"));
        Err(self.trouble(&state))
    }

    /// Figures of a function that refuses its work would say nothing.
    fn check(&self, answer: &Value) -> Outcome<()> {
        let refused = answer["statusCode"].as_u64().is_some_and(|status| status >= 400);
        let failed = answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty());
        let unknown = answer["context"]["role"] == "none";
        if refused || failed || unknown {
            Err(self.trouble(&format!("refused its event: {answer}")))
        } else {
            Ok(())
        }
    }

    fn trouble(&self, what: &str) -> String {
        let name = &self.name;
        format!("{name} {what}\nIts events are made in infra/bench/src/scenes. {}", again(name))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The roots in one file, as on Lambda. Where a folder has a file for each of them besides, as on Debian,
/// all are read a second time, which would be most of a function's start.
fn bundle() -> Option<&'static str> {
    BUNDLES.into_iter().find(|bundle| Path::new(bundle).exists())
}

fn again(name: &str) -> String {
    format!("If the code is newer than the binary, build it again: cargo build --release --package {name}")
}
