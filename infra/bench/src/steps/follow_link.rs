//! A visitor on the way to the shop.

use ::tests::World;
use serde_json::{Value, json};

use super::{EVENTS, Journey, Step};
use crate::{sample::Sample, scenes::Cast};

pub(super) const NAME: &str = "follow-link";

const MALFORMED: &str = "malformed slug";
const UNKNOWN: &str = "unknown slug";
const PREVIEW: &str = "kept link, a messenger's preview";
const VISITOR: &str = "kept link, a visitor";
const FIRST: &str = "link not kept yet, a visitor";

pub(super) async fn journey() -> Journey {
    let cast = Cast::new().await;
    let kept = cast.world.link(&cast.program, &cast.kid).await;
    let mut fresh = Vec::new();
    for _ in 0..EVENTS {
        fresh.push(cast.world.link(&cast.program, &cast.kid).await);
    }
    let world = &cast.world;
    let steps = vec![
        Step::new(MALFORMED, 404, |_| follow(world, "No_Slug").event()),
        Step::new(UNKNOWN, 404, |_| follow(world, "never-made").event()).beyond(MALFORMED),
        Step::new(PREVIEW, 302, |_| follow(world, &kept).with(previewed).event()).beyond(MALFORMED),
        Step::new(VISITOR, 302, |_| follow(world, &kept).event()).beyond(PREVIEW),
        Step::new(FIRST, 302, |number| follow(world, &fresh[number]).event()).beyond(VISITOR),
    ];
    Journey { function: NAME, world: cast.world, steps }
}

fn follow(world: &World, slug: &str) -> Sample {
    Sample::of(world, NAME).path(&[("slug", slug)])
}

fn previewed(event: &mut Value) {
    let agent = json!("WhatsApp/2.23.20.0 A");
    event["headers"]["user-agent"] = agent.clone();
    event["requestContext"]["http"]["userAgent"] = agent;
}
