//! What everybody has to end with: plain arithmetic over what really happened, which knows nothing
//! of orders, deliveries and tables. Of plans it knows those that pay a share of the base.

use std::collections::BTreeMap;

use domain::{conversion::conversion_id, id::ProgramId};
use jiff::Timestamp;

use super::{
    touches::Policy,
    town::{Member, Program},
};

/// A plan.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) from: Timestamp,
    /// Millionths of the base for level 1, 2 and so on; none where only the calculation itself can
    /// say what it pays.
    pub(crate) rates: Option<Vec<i128>>,
    /// How it attributes, if it says so.
    pub(crate) policy: Option<Policy>,
}

/// What a minor unit of a currency is worth in minor units of the program's: so many ten-thousandths.
pub(crate) type Quote = i128;

/// A charge with what went back of it.
#[derive(Debug, Clone)]
pub(crate) struct Sale {
    pub(crate) source: &'static str,
    pub(crate) external_id: String,
    /// How it came to be, among the program's origins.
    pub(crate) origin: usize,
    pub(crate) currency: &'static str,
    /// Of another currency than the program's.
    pub(crate) quote: Option<Quote>,
    pub(crate) amount: i128,
    /// Tax and shipping in it.
    pub(crate) parts: i128,
    /// What went back, even if it was more than the charge.
    pub(crate) refunded: i128,
    pub(crate) at: Timestamp,
}

/// What is expected of a program.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Commission lines that are worth something, by id.
    pub(crate) lines: BTreeMap<String, i128>,
    /// What each partner has earned.
    pub(crate) partners: BTreeMap<String, i128>,
}

/// The beginning that the ids of a sale's lines have in common.
pub(crate) fn line_prefix(program: &ProgramId, sale: &Sale) -> String {
    let id = conversion_id(program, sale.source, &sale.external_id);
    format!("com_{}", id.body())
}

/// What a program's sales are worth in the end; `adjusted` is what administrators added to lines, or
/// took from them.
pub(crate) fn expected(program: &Program, adjusted: &BTreeMap<String, i128>) -> Expected {
    let id = program.story.id.parse().unwrap();
    let credited = program.credits().members;
    let mut expected = Expected::default();
    for sale in program.sales.iter().filter(|sale| sale.amount > 0) {
        let Some(member) = credited[sale.origin] else { continue };
        let Member { line, .. } = &program.members[member];
        let plans = &program.plans;
        let plan = plans.iter().rfind(|plan| plan.from <= sale.at).unwrap();
        let rates = plan.rates.iter().flatten();
        let base = sale.amount - sale.parts;
        let base = sale.quote.map_or(base, |quote| half_even(base * quote, 10_000));
        let left = half_even(base * (sale.amount - sale.refunded).max(0), sale.amount);
        let prefix = line_prefix(&id, sale);
        for (level, (rate, partner)) in (1..).zip(rates.zip(line)) {
            let line = format!("{prefix}_{level:02}");
            let by_hand = adjusted.get(&line).copied().unwrap_or_default();
            let worth = (half_even(left * rate, 1_000_000) + by_hand).max(0);
            if worth != 0 {
                expected.lines.insert(line, worth);
                *expected.partners.entry(partner.clone()).or_insert(0) += worth;
            }
        }
    }
    expected
}

/// A quotient without a sign, rounded; a half goes to the even neighbour.
fn half_even(dividend: i128, divisor: i128) -> i128 {
    let (whole, rest) = (dividend / divisor, dividend % divisor);
    let up = 2 * rest > divisor || (2 * rest == divisor && whole % 2 == 1);
    whole + i128::from(up)
}
