//! The states of a commission and the events that move it.

use serde::{Deserialize, Serialize};

/// Where a commission stands; a projection of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommissionStatus {
    /// In its holding period.
    Pending,
    /// Kept back for review, or while a dispute is open.
    Held,
    /// Matured: part of the available balance.
    Approved,
    /// Covered by a settled payout.
    Paid,
    /// Turned down in review.
    Rejected,
    /// Taken back whole: by refunds, by an adjustment, or as a bonus that is no longer reached.
    Reversed,
}

/// What happens to a commission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommissionEvent {
    /// A review is wanted, or the customer's bank disputes the charge.
    Hold,
    /// The review let it pass, and no dispute is open.
    Release {
        /// Had it matured before? Then it is payable again, as it was.
        matured: bool,
    },
    /// The review turned it down.
    Reject,
    /// The holding period is over.
    Mature,
    /// A payout that covers it was settled.
    Pay,
    /// The money of that payout came back.
    Return,
    /// All of it was taken back.
    Reverse,
    /// What was taken back whole is worth something again: an adjustment added to it, or the bonus
    /// was reached once more.
    Reinstate {
        /// Had it matured before? Then it is payable at once, as what was taken was payable.
        matured: bool,
    },
}

/// An event that cannot happen to a commission in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a commission that is {}", .status.as_str())]
pub struct IllegalTransition {
    /// Where the commission stands.
    pub status: CommissionStatus,
    /// What was tried.
    pub event: CommissionEvent,
}

impl CommissionStatus {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Held, Self::Approved, Self::Paid, Self::Rejected, Self::Reversed];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Reversed => "reversed",
        }
    }

    /// The state after an event.
    ///
    /// # Errors
    /// When the event cannot happen in this state.
    pub fn after(self, event: CommissionEvent) -> Result<Self, IllegalTransition> {
        use CommissionEvent as Event;
        match (self, event) {
            (Self::Pending | Self::Approved, Event::Hold) => Ok(Self::Held),
            (Self::Held, Event::Release { matured: false }) => Ok(Self::Pending),
            (Self::Held, Event::Release { matured: true }) => Ok(Self::Approved),
            (Self::Pending | Self::Held, Event::Reject) => Ok(Self::Rejected),
            (Self::Pending, Event::Mature) => Ok(Self::Approved),
            (Self::Approved, Event::Pay) => Ok(Self::Paid),
            (Self::Paid, Event::Return) => Ok(Self::Approved),
            (Self::Pending | Self::Held | Self::Approved | Self::Paid, Event::Reverse) => Ok(Self::Reversed),
            (Self::Reversed, Event::Reinstate { matured: false }) => Ok(Self::Pending),
            (Self::Reversed, Event::Reinstate { matured: true }) => Ok(Self::Approved),
            (status, event) => Err(IllegalTransition { status, event }),
        }
    }
}

#[cfg(test)]
mod tests {
    use CommissionEvent::{Hold, Mature, Pay, Reinstate, Reject, Release, Return, Reverse};
    use CommissionStatus::{Approved, Held, Paid, Pending, Rejected, Reversed};

    use super::*;

    const RELEASE: [CommissionEvent; 2] = [Release { matured: false }, Release { matured: true }];
    const REINSTATE: [CommissionEvent; 2] = [Reinstate { matured: false }, Reinstate { matured: true }];

    /// Where each event leads; what is not listed is refused.
    const EDGES: [(CommissionStatus, CommissionEvent, CommissionStatus); 15] = [
        (Pending, Hold, Held),
        (Pending, Reject, Rejected),
        (Pending, Mature, Approved),
        (Pending, Reverse, Reversed),
        (Held, RELEASE[0], Pending),
        (Held, RELEASE[1], Approved),
        (Held, Reject, Rejected),
        (Held, Reverse, Reversed),
        (Approved, Hold, Held),
        (Approved, Pay, Paid),
        (Approved, Reverse, Reversed),
        (Paid, Return, Approved),
        (Paid, Reverse, Reversed),
        (Reversed, REINSTATE[0], Pending),
        (Reversed, REINSTATE[1], Approved),
    ];

    #[test]
    fn the_edges_are_those_that_are_listed() {
        let singles = [Reject, Mature, Pay, Return, Reverse];
        let events = [&[Hold][..], &RELEASE, &singles, &REINSTATE].concat();
        let mut found = Vec::new();
        for status in CommissionStatus::ALL {
            for &event in &events {
                found.extend(status.after(event).ok().map(|next| (status, event, next)));
            }
        }
        assert_eq!(found, EDGES);
    }

    /// Every sequence of events up to a length, as far as it is legal. What is released or reinstated
    /// has matured or has not, which its history says.
    fn walk(
        status: CommissionStatus,
        left: usize,
        path: &mut Vec<CommissionEvent>,
        visit: &mut impl FnMut(&[CommissionEvent], CommissionStatus),
    ) {
        visit(path, status);
        if left == 0 {
            return;
        }
        let matured = path.contains(&Mature);
        for event in [Hold, Release { matured }, Reject, Mature, Pay, Return, Reverse, Reinstate { matured }]
        {
            if let Ok(next) = status.after(event) {
                assert!(next.after(event).is_err(), "{event:?} happens once at a time");
                path.push(event);
                walk(next, left - 1, path, visit);
                path.pop();
            }
        }
    }

    /// Every sequence of up to 8 of the 8 events; any of them is refused where no edge leads on, and
    /// changes nothing then. 960 sequences are refused nowhere.
    #[test]
    fn nothing_is_paid_without_maturity_nor_twice_and_the_end_is_the_end() {
        let mut sequences = 0;
        walk(Pending, 8, &mut Vec::new(), &mut |path, status| {
            sequences += 1;
            let count = |event| path.iter().filter(|other| **other == event).count();
            assert!(count(Mature) <= 1, "it matures once: {path:?}");
            if matches!(status, Approved | Paid) {
                assert_eq!(count(Mature), 1, "{path:?}");
            }
            // What was paid is paid again only after the money came back, or after it was taken back
            // and given again.
            let paid = path.iter().rposition(|event| *event == Pay);
            if let Some(before) = paid.and_then(|last| path[..last].iter().rposition(|event| *event == Pay)) {
                let ways: [&[_]; 2] = [&[Pay, Return], &[Pay, Reverse, Reinstate { matured: true }]];
                assert!(ways.iter().any(|way| path[before..].starts_with(way)), "{path:?}");
            }
            if let Some(end) = path.iter().position(|event| *event == Reject) {
                assert_eq!(end + 1, path.len(), "nothing follows a rejection: {path:?}");
            }
        });
        assert_eq!(sequences, 960);
    }

    #[test]
    fn names_are_the_wire_names() {
        for status in CommissionStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
