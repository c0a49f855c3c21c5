//! Where the commission stands.

use domain::commission::{Adjustment, Commission, CommissionStatus};

use super::day;
use crate::derivation::Derivation;

pub(super) fn standing(derivation: &Derivation<'_>, adjustments: &[Adjustment]) -> Vec<String> {
    let line = derivation.line;
    let mut sentences = place(line, derivation.terms.hold_days, "the customer acted");
    if line.status == CommissionStatus::Reversed {
        let is_adjusted = adjustments.iter().any(|adjustment| adjustment.commission_id == line.id);
        let what = if is_adjusted { "Nothing of it is left." } else { "Refunds have taken all of it back." };
        sentences.push(what.to_owned());
    }
    let taken = derivation.taken_from_available();
    if !taken.is_zero() {
        sentences.push(format!(
            "{taken} had become payable before it was refunded, and was taken from the available balance."
        ));
    }
    sentences
}

/// Where a line stands that has its holding period from this event on; nothing for one that was
/// taken back.
pub(super) fn place(line: &Commission, hold_days: u16, event: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    match line.status {
        CommissionStatus::Pending => sentences.push(match hold_days {
            0 => "The plan has no holding period: it becomes payable at once.".to_owned(),
            1 => format!("It becomes payable on {}, a day after {event}.", day(line.eligible_at)),
            days => {
                let date = day(line.eligible_at);
                format!("It becomes payable on {date}, {days} days after {event}.")
            }
        }),
        CommissionStatus::Held => {
            sentences.extend(line.held_for().map(|reason| reason.sentence().to_owned()));
            sentences.push("It is held until that is decided.".to_owned());
        }
        CommissionStatus::Approved => {
            sentences.extend(line.matured_at.map(|at| format!("It has been payable since {}.", day(at))));
        }
        CommissionStatus::Paid => {
            let payout = line.payout_id.as_ref().zip(line.payout_date);
            sentences.extend(payout.map(|(id, at)| format!("Payout {id} paid it on {}.", day(at))));
        }
        CommissionStatus::Rejected => {
            sentences.push(format!("A review turned it down: it earns {}.", line.amount));
        }
        CommissionStatus::Reversed => {}
    }
    sentences
}
