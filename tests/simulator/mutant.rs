//! Bugs planted on purpose: a simulator that does not find them is what is broken.
//!
//! Not one of them is in the product. Each bends what goes through the simulated network, or what
//! a worker is handed, so that the deployment behaves as if the bug were there.

use std::{fmt, str::FromStr};

/// A planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// A fact is marked as seen before it is counted.
    SeenBeforeWork,
    /// The journal is written beside the transaction, under a new id each time.
    NoJournalGuard,
    /// A refund that comes before its sale is dropped.
    EarlyRefundDropped,
    /// Each refund is rounded on its own.
    SliceRounding,
    /// A balance is raised beside the transaction, and again when the answer is lost.
    BareAdd,
    /// Every call to the provider has a new key.
    NewProviderKey,
    /// A payout whose outcome is unknown is given up after a while.
    TimerRelease,
    /// A projection does not ask whether it has counted.
    ProjectionUnguarded,
    /// A refund does not ask whether the conversion has changed since it was read.
    RefundUnguarded,
    /// A payout is reserved whatever else is on its way.
    ReservationUnguarded,
    /// A webhook is acknowledged although it could not be stored.
    AcknowledgedUnstored,
    /// What a sale is granted is added to the counter of a cap, whatever it stands at by then.
    CapUnguarded,
    /// A sale that waits for its exchange rate does not look whether the rate has come meanwhile.
    RateMissed,
    /// A bonus has a new id each time it is granted.
    FreshBonus,
    /// A sale with a coupon counts for the partner of the click, too.
    CouponAndClick,
    /// A batch answers for facts that it has not stored.
    BatchUnstored,
}

impl Mutant {
    /// Every mutant with the number of seeds within which it is found.
    pub const ALL: [(Self, u64); 16] = [
        (Self::SeenBeforeWork, 10),
        (Self::NoJournalGuard, 10),
        (Self::EarlyRefundDropped, 10),
        (Self::SliceRounding, 10),
        (Self::BareAdd, 10),
        (Self::NewProviderKey, 40),
        (Self::TimerRelease, 20),
        (Self::ProjectionUnguarded, 10),
        (Self::RefundUnguarded, 20),
        (Self::ReservationUnguarded, 20),
        (Self::AcknowledgedUnstored, 10),
        (Self::CapUnguarded, 100),
        (Self::RateMissed, 60),
        (Self::FreshBonus, 20),
        (Self::CouponAndClick, 20),
        (Self::BatchUnstored, 20),
    ];

    /// Is it about money on its way out?
    #[must_use]
    pub fn is_about_payouts(self) -> bool {
        matches!(self, Self::BareAdd | Self::NewProviderKey | Self::TimerRelease | Self::ReservationUnguarded)
    }

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeenBeforeWork => "seen-before-work",
            Self::NoJournalGuard => "no-journal-guard",
            Self::EarlyRefundDropped => "early-refund-dropped",
            Self::SliceRounding => "slice-rounding",
            Self::BareAdd => "bare-add",
            Self::NewProviderKey => "new-provider-key",
            Self::TimerRelease => "timer-release",
            Self::ProjectionUnguarded => "projection-unguarded",
            Self::RefundUnguarded => "refund-unguarded",
            Self::ReservationUnguarded => "reservation-unguarded",
            Self::AcknowledgedUnstored => "acknowledged-unstored",
            Self::CapUnguarded => "cap-unguarded",
            Self::RateMissed => "rate-missed",
            Self::FreshBonus => "fresh-bonus",
            Self::CouponAndClick => "coupon-and-click",
            Self::BatchUnstored => "batch-unstored",
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mutant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|(mutant, _)| mutant.as_str() == text);
        found.map(|(mutant, _)| mutant).ok_or_else(|| format!("there is no mutant {text}"))
    }
}
