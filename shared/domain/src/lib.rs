//! The rules of Tributary.
//!
//! Everything here is pure: the same input gives the same output, on any machine, at any time.
//! Nothing awaits, reads a clock, draws a random number or knows where data is kept.

pub mod accrual;
pub mod agreement;
pub mod attribution;
pub mod audit;
pub mod bonus;
pub mod click;
pub mod commission;
pub mod conversion;
pub mod coupon;
pub mod dashboard;
pub mod event;
pub mod exchange;
pub mod id;
pub mod ledger;
pub mod link;
pub mod money;
mod object;
pub mod partner;
pub mod payout;
pub mod performance;
pub mod plan;
pub mod profile;
pub mod program;
pub mod rate;
pub mod replay;
pub mod risk;
pub mod simulation;
