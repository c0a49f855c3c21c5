//! What is in a sale besides its amount: products, labels, and partners who share it.

use serde_json::{Value, json};

use super::{
    network::Network,
    plans::{CHANNELS, COUNTRIES, COUPONS, PRODUCTS, one_of},
    town::Program,
};

/// Weights of partners who share a sale.
const WEIGHTS: [&[&str]; 4] =
    [&["1"], &["0.5", "0.5"], &["0.7", "0.3"], &["0.333333", "0.333333", "0.333334"]];

/// An amount as it is written.
pub(crate) fn money(minor: i64, currency: &str) -> Value {
    let amount = match currency {
        "JPY" => minor.to_string(),
        _ => format!("{}.{:02}", minor / 100, minor % 100),
    };
    json!({ "amount": amount, "currency": currency })
}

/// Writes what was paid into a sale, with tax, shipping and discount, and what was bought; gives tax
/// and shipping together.
pub(crate) fn fill(network: &Network, body: &mut Value, total: i64, currency: &str) -> i64 {
    let share = |of: i64, times: usize| if network.below(times) == 0 { total / of } else { 0 };
    let (tax, shipping, discount) = (share(6, 3), share(9, 5), share(5, 5));
    body["amount"] = money(total, currency);
    body["tax"] = money(tax, currency);
    for (name, minor) in [("shipping", shipping), ("discount", discount)] {
        if minor > 0 {
            body[name] = money(minor, currency);
        }
    }
    if network.below(3) == 0 {
        body["lines"] = json!(lines(network, [total - shipping, tax, discount], currency));
    }
    label(network, body);
    tax + shipping
}

/// Says where the customer is from, and whatever else a plan may ask for.
pub(crate) fn label(network: &Network, body: &mut Value) {
    for (name, values) in [("country", &COUNTRIES[..]), ("coupon", &COUPONS[..])] {
        if network.below(2) == 0 && body.get(name).is_none() {
            body[name] = json!(one_of(network, values));
        }
    }
    if network.below(3) == 0 {
        body["metadata"] = json!({ "channel": one_of(network, &CHANNELS) });
    }
}

/// Product lines that add up to the amount, the tax and the discount.
fn lines(network: &Network, [amount, tax, discount]: [i64; 3], currency: &str) -> Vec<Value> {
    let (mut amount, mut tax, mut discount) = (amount, tax, discount);
    let count = 1 + network.below(3);
    let mut lines = Vec::new();
    for left in (0..count).rev() {
        let most = usize::try_from(amount).unwrap();
        let own = if left == 0 { amount } else { i64::try_from(network.below(most + 1)).unwrap() };
        // What is left must be able to bear the tax that is left.
        let own = own.min(amount - tax).max(if left == 0 { amount } else { 0 });
        let own_tax = if left == 0 { tax } else { (tax / 2).min(own) };
        let mut line = json!({ "product": one_of(network, &PRODUCTS), "amount": money(own, currency) });
        if network.below(2) == 0 {
            line["quantity"] = json!(1 + network.below(4));
        }
        if own_tax > 0 {
            line["tax"] = money(own_tax, currency);
        }
        let own_discount = std::mem::take(&mut discount);
        if own_discount > 0 {
            line["discount"] = money(own_discount, currency);
        }
        lines.push(line);
        (amount, tax) = (amount - own, tax - own_tax);
    }
    lines
}

/// Partners who share a sale by the merchant's own word.
pub(crate) fn splits(network: &Network, program: &Program) -> Value {
    let mut partners: Vec<_> = program.members.iter().map(|member| &member.story.id).collect();
    let weights = *one_of(network, &WEIGHTS);
    let mut splits = Vec::new();
    for weight in weights {
        if partners.is_empty() {
            return splits_of_one(program);
        }
        let partner = partners.swap_remove(network.below(partners.len()));
        splits.push(json!({ "partner_id": partner, "weight": weight }));
    }
    json!(splits)
}

fn splits_of_one(program: &Program) -> Value {
    json!([{ "partner_id": program.members[0].story.id, "weight": "1" }])
}
