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
            (Self::Pending | Self::Held | Self::Approved | Self::Paid, Event::Reverse) => Ok(Self::Reversed),
            (Self::Reversed, Event::Reinstate { matured: false }) => Ok(Self::Pending),
            (Self::Reversed, Event::Reinstate { matured: true }) => Ok(Self::Approved),
            (status, event) => Err(IllegalTransition { status, event }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CommissionEvent as Event, CommissionStatus as Status};

    /// Everything that can happen after this path. What is reinstated has matured or has not, which
    /// its history says.
    fn events(path: &[Event]) -> [Event; 7] {
        let reinstate = Event::Reinstate { matured: path.contains(&Event::Mature) };
        let release = Event::Release { matured: path.contains(&Event::Mature) };
        [Event::Hold, release, Event::Reject, Event::Mature, Event::Pay, Event::Reverse, reinstate]
    }

    /// Every sequence of events up to a length, as far as it is legal.
    fn walk(status: Status, left: usize, path: &mut Vec<Event>, visit: &mut impl FnMut(&[Event], Status)) {
        visit(path, status);
        if left == 0 {
            return;
        }
        for event in events(path) {
            if let Ok(next) = status.after(event) {
                path.push(event);
                walk(next, left - 1, path, visit);
                path.pop();
            }
        }
    }

    #[test]
    fn nothing_is_paid_without_maturity_nor_twice_and_the_end_is_the_end() {
        let (mut seen, mut reinstated) = (0, 0);
        walk(Status::Pending, 8, &mut Vec::new(), &mut |path, status| {
            seen += 1;
            let count = |event| path.iter().filter(|other| **other == event).count();
            assert!(count(Event::Mature) <= 1, "it matures once: {path:?}");
            if matches!(status, Status::Approved | Status::Paid) {
                assert_eq!(count(Event::Mature), 1, "{path:?}");
            }
            // What was paid is paid again only after it was taken back and given again.
            assert!(count(Event::Pay) <= 1 + count(Event::Reverse), "{path:?}");
            let both = |pair: &[Event]| pair == [Event::Pay, Event::Pay];
            assert!(!path.windows(2).any(both), "{path:?}");
            if let Some(end) = path.iter().position(|event| *event == Event::Reject) {
                assert_eq!(end + 1, path.len(), "nothing follows a rejection: {path:?}");
            }
            for (before, after) in path.iter().zip(path.iter().skip(1)) {
                let is_reinstated = matches!(after, Event::Reinstate { .. });
                assert_eq!(*before == Event::Reverse, is_reinstated, "{path:?}");
                reinstated += usize::from(is_reinstated);
            }
        });
        assert!(seen > 100 && reinstated > 10, "the walk must get somewhere: {seen}, {reinstated}");
    }

    #[test]
    fn names_are_the_wire_names() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
