//! Where the commission stands.

use domain::commission::CommissionStatus;

use super::day;
use crate::derivation::Derivation;

pub(super) fn standing(derivation: &Derivation<'_>) -> Vec<String> {
    let line = derivation.line;
    let mut sentences = Vec::new();
    match line.status {
        CommissionStatus::Pending => sentences.push(match derivation.terms.hold_days {
            0 => "The plan has no holding period: it becomes payable at once.".to_owned(),
            1 => format!("It becomes payable on {}, a day after the customer acted.", day(line.eligible_at)),
            days => {
                let date = day(line.eligible_at);
                format!("It becomes payable on {date}, {days} days after the customer acted.")
            }
        }),
        CommissionStatus::Held => {
            sentences.extend(line.hold_reason.map(|reason| reason.sentence().to_owned()));
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
        CommissionStatus::Reversed => sentences.push("Refunds have taken all of it back.".to_owned()),
    }
    let taken = derivation.taken_from_available();
    if !taken.is_zero() {
        sentences.push(format!(
            "{taken} had become payable before it was refunded, and was taken from the available balance."
        ));
    }
    sentences
}
