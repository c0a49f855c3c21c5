//! PayPal's webhooks: what proves them, and what they say.

mod events;
mod signature;
