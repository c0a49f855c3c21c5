//! What administrators added to the commission or took from it, and why.

use domain::{
    commission::{Adjustment, Commission},
    money::Money,
};

use super::day;

pub(super) fn adjusted(line: &Commission, adjustments: &[Adjustment]) -> Vec<String> {
    let mut own: Vec<_> =
        adjustments.iter().filter(|adjustment| adjustment.commission_id == line.id).collect();
    own.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let sentence = |adjustment: &&Adjustment| {
        let Adjustment { amount, reason, at, .. } = adjustment;
        let (day, most) = (day(*at), Money::new(amount.minor().saturating_abs(), amount.currency()));
        match amount.is_negative() {
            true => format!("On {day} an administrator took {most} off: {reason}"),
            false => format!("On {day} an administrator added {most}: {reason}"),
        }
    };
    let mut sentences: Vec<_> = own.iter().map(sentence).collect();
    if !sentences.is_empty() {
        sentences.push(format!("With that it is worth {}.", line.amount));
    }
    sentences
}
