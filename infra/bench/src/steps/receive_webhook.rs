//! What a sender reports, on its way into the table.

use ::tests::stripe::{self, Endpoint};
use domain::id::WebhookEndpointId;
use serde_json::json;

use super::{Journey, Step};
use crate::scenes::{Cast, delivery};

pub(super) const NAME: &str = "receive-webhook";

const STRANGER: &str = "unknown sender";
const NOWHERE: &str = "unknown endpoint";
const FORGED: &str = "wrong signature";
const AGAIN: &str = "payment that came before";
const NOTHING: &str = "event that means nothing";
const PAYMENT: &str = "payment";

pub(super) async fn journey() -> Journey {
    let cast = Cast::new().await;
    let world = &cast.world;
    let endpoint = world.endpoint(&cast.program).await;
    let click = world.visit(&cast.program, &cast.kid).await;
    let checkout = |intent: &str| stripe::checkout(world, intent, 10_000, &click);
    // Of one size throughout, so that only what is done with it differs.
    let (place, known) = (endpoint.path.as_str(), checkout("pi_known"));
    world.webhook(&endpoint, &known).expect(200).await;
    let stranger = place.replace("/stripe/", "/nobody/");
    let nowhere = format!("/webhooks/stripe/{}", WebhookEndpointId::derive(&["nowhere"]));
    let forger = Endpoint { path: place.to_owned(), secret: "whsec_of-somebody-else".to_owned() };
    let sent = |number: usize| checkout(&format!("pi_{number}"));
    let steps = vec![
        Step::new(STRANGER, 404, |_| delivery(world, &endpoint, &known, &stranger)),
        Step::new(NOWHERE, 404, |_| delivery(world, &endpoint, &known, &nowhere)).beyond(STRANGER),
        Step::new(FORGED, 401, |_| delivery(world, &forger, &known, place)).beyond(NOWHERE),
        Step::new(AGAIN, 200, |_| delivery(world, &endpoint, &known, place)).beyond(FORGED),
        Step::new(NOTHING, 200, |number| {
            let mut event = sent(number);
            event["type"] = json!("product.updated");
            delivery(world, &endpoint, &event, place)
        })
        .beyond(FORGED),
        Step::new(PAYMENT, 200, |number| delivery(world, &endpoint, &sent(number), place)).beyond(NOTHING),
    ];
    Journey { function: NAME, world: cast.world, steps }
}
