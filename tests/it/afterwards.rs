//! A visitor does not wait for the click's record: shown where Lambda would see it, at its Runtime API.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use domain::click::ClickId;
use serde_json::{Value, json};
use tests::{
    World, repository,
    runtime_api::{Act, RuntimeApi},
};
use url::Url;

/// Becomes the function when the journey below starts it in a process of its own.
#[tokio::test]
#[ignore = "a function, which waits for an event"]
#[expect(clippy::disallowed_methods, reason = "started by hand, there is no Runtime API to ask")]
async fn follow_link() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        runtime::serve(follow_link::handle).await.unwrap();
    }
}

struct Function(Child);

impl Function {
    fn start(world: &World, api: &RuntimeApi) -> Self {
        let program = std::env::current_exe().unwrap();
        let settings = ["TABLE_NAME", "KEYRING_SECRET_ARN"].map(|name| (name, &world.settings[name]));
        let child = Command::new(program)
            .args(["--exact", "afterwards::follow_link", "--ignored"])
            .env_clear()
            .envs(settings)
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "follow-link")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", world.table.access_key())
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ENDPOINT_URL_DYNAMODB", world.table.url())
            .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", &world.cloud.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn event(world: &World, slug: &str) -> Value {
    let mut event: Value = serde_json::from_str(&repository::read("infra/events/follow-link.json")).unwrap();
    event["pathParameters"]["slug"] = json!(slug);
    event["requestContext"]["timeEpoch"] = json!(world.now().as_millisecond());
    event["requestContext"]["requestId"] = json!(world.fresh("request"));
    event
}

async fn asked(api: &mut RuntimeApi) {
    let (_, act) = api.act().await;
    assert!(matches!(act, Act::Asked), "{act:?}");
}

#[tokio::test]
async fn the_redirect_is_out_before_the_click_is_written_and_the_click_before_the_next_event() {
    let world = World::start().await;
    let program = world.program().await;
    let jane = world.join(&program, "jane", None).await;
    let slug = world.link(&program, &jane).await;
    let mut api = RuntimeApi::start().await;
    let _function = Function::start(&world, &api);
    asked(&mut api).await;
    for _ in 0..2 {
        api.hold(true);
        api.send(event(&world, &slug));
        let (_, act) = api.act().await;
        let Act::Answered(answer) = act else { panic!("{act:?}") };
        assert_eq!(answer["statusCode"], 302, "{answer}");
        let target: Url = answer["headers"]["location"].as_str().unwrap().parse().unwrap();
        let click = target.query_pairs().find(|(name, _)| name == "trb_click").unwrap().1.into_owned();
        let click = ClickId::try_from(click).unwrap();
        // However long the answer is on its way, nothing is written until it has arrived.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(world.store().click(&click, world.now()).await.unwrap(), None);
        api.hold(false);
        asked(&mut api).await;
        let recorded = world.store().click(&click, world.now()).await.unwrap();
        assert_eq!(recorded.map(|click| click.id), Some(click));
    }
}
