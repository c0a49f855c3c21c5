//! What several answers show in the same way. What only one function shows lives with it.

pub mod agreement;
pub mod attribution;
pub mod commission;
pub mod coupon;
pub mod link;
pub mod list;
pub mod payout;
pub mod profile;
pub mod tier;
pub mod webhook;
