//! Contract, template and code say the same.

mod contract;
mod names;
mod policies;
mod queues;
mod table;
mod variables;
