//! Reports that come many at once: new ones, known ones, and some that cannot be taken.

use domain::conversion::conversion_id;
use serde_json::{Value, json};

use super::{
    mail::{Mail, Told},
    network::Network,
    plans::one_of,
    town::{Program, Town},
};
use crate::{Reply, World, story::usd};

/// A fact of a batch, and what it has to be answered with.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) body: Value,
    pub(crate) is_good: bool,
}

/// Puts reports that wait to be told into batches, with others that were told before and with some
/// that nobody can take.
pub(crate) fn gather(
    world: &World,
    network: &Network,
    town: &Town,
    place: usize,
    mail: &mut Vec<Mail>,
) -> Option<Mail> {
    let program = &town.programs[place];
    let is_report = |mail: &Mail| mail.place == place && matches!(mail.told, Told::Report { .. });
    let mut lines = Vec::new();
    for letter in mail.extract_if(.., |mail| is_report(mail)) {
        if let Told::Report { body, .. } = letter.told {
            lines.push(Line { body, is_good: true });
        }
    }
    for _ in 0..network.below(3) {
        let known = program.heard.get(network.below(program.heard.len()));
        lines.extend(known.map(|body| Line { body: body.clone(), is_good: true }));
    }
    for _ in 0..network.below(3) {
        lines.push(Line { body: bad(world, network, program), is_good: false });
    }
    if lines.is_empty() {
        return None;
    }
    for last in (1..lines.len()).rev() {
        lines.swap(last, network.below(last + 1));
    }
    Some(Mail { place, told: Told::Batch { key: world.fresh("key"), lines } })
}

/// A fact that cannot be read, makes no sense, or tells of other money than was told before.
fn bad(world: &World, network: &Network, program: &Program) -> Value {
    let order = world.fresh("order");
    let sale = |name: &str, value: Value| {
        let mut sale = json!({ "type": "sale", "external_id": order, "amount": usd("10.00") });
        sale[name] = value;
        sale
    };
    match network.below(8) {
        0 => json!(7),
        1 => sale("amount", usd("10.001")),
        2 => sale("click_id", json!("clk_1")),
        3 => sale("tax", usd("11.00")),
        4 => sale("surprise", json!(true)),
        5 => json!({ "type": "refund", "external_id": order, "amount": usd("1.00") }),
        _ => {
            // Under another master of the keyring an address is another one, and so is the report.
            let is_sale = |body: &&Value| {
                let is_charge = body["amount"].is_object() && body["occurred_at"].is_string();
                is_charge && body["customer"]["email"].is_null()
            };
            let known: Vec<_> = program.heard.iter().filter(is_sale).collect();
            let Some(known) = known.get(network.below(known.len())) else { return json!([]) };
            let mut other = (*known).clone();
            other["amount"]["amount"] = json!("7777");
            other
        }
    }
}

/// Is a batch done with, by this answer? Each fact is answered as if it had come alone.
pub(crate) fn is_heard(program: &Program, lines: &[Line], reply: &Reply) -> bool {
    assert_eq!(reply.status, 200, "a batch was refused: {}", reply.text);
    let results = reply.body["results"].as_array().unwrap();
    assert_eq!(results.len(), lines.len(), "{}", reply.text);
    let id = program.story.id.parse().unwrap();
    let mut is_heard = true;
    for (index, (line, result)) in lines.iter().zip(results).enumerate() {
        assert_eq!(result["index"], json!(index), "{}", reply.text);
        let is_accepted = result["status"] == "accepted";
        let is_trouble = result["problem"]["status"].as_u64() >= Some(500);
        is_heard &= !is_trouble;
        assert!(is_trouble || is_accepted == line.is_good, "{}: {result}", line.body);
        if is_accepted {
            let expected = conversion_id(&id, "api", line.body["external_id"].as_str().unwrap());
            assert_eq!(result["conversion_id"], json!(expected), "{}", line.body);
        }
    }
    is_heard
}

/// One of the programs' standing reports, for whoever tells it again.
pub(crate) fn remember(program: &mut Program, network: &Network, body: &Value) {
    // The latest ones are enough: what is known is kept for ninety days.
    const MOST: usize = 30;
    if program.heard.len() == MOST {
        let gone = one_of(network, &[0, MOST / 2]);
        program.heard.remove(*gone);
    }
    program.heard.push(body.clone());
}
