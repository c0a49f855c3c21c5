//! What several answers show in the same way. What only one function shows lives with it.

pub mod agreement;
pub mod commission;
pub mod link;
pub mod list;
pub mod payout;
pub mod profile;
pub mod tier;
