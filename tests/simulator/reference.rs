//! What everybody has to end with: plain arithmetic over what really happened, which knows nothing
//! of orders, deliveries and tables.

use std::collections::BTreeMap;

use domain::{conversion::conversion_id, id::ProgramId};
use jiff::Timestamp;

/// A plan: millionths of the base for level 1, 2 and so on.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) from: Timestamp,
    pub(crate) rates: Vec<i128>,
}

/// A charge with what went back of it.
#[derive(Debug, Clone)]
pub(crate) struct Sale {
    pub(crate) source: &'static str,
    pub(crate) external_id: String,
    /// Who sold, then the sponsors above, nearest first.
    pub(crate) line: Vec<String>,
    pub(crate) amount: i128,
    /// Tax and shipping in it.
    pub(crate) parts: i128,
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

/// What a program's sales are worth in the end.
pub(crate) fn expected(program: &ProgramId, plans: &[Terms], sales: &[Sale]) -> Expected {
    let mut expected = Expected::default();
    for sale in sales.iter().filter(|sale| sale.amount > 0) {
        let plan = plans.iter().rfind(|plan| plan.from <= sale.at).unwrap();
        let left = half_even((sale.amount - sale.parts) * (sale.amount - sale.refunded), sale.amount);
        let id = conversion_id(program, sale.source, &sale.external_id);
        let body = id.as_str().split_once('_').unwrap().1;
        for (level, (rate, partner)) in (1..).zip(plan.rates.iter().zip(&sale.line)) {
            let worth = half_even(left * rate, 1_000_000);
            if worth != 0 {
                expected.lines.insert(format!("com_{body}_{level:02}"), worth);
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
