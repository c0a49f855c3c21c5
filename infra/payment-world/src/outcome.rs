//! Scripted outcomes: what shall become of the next call, or of the next one that matches.

use serde::{Deserialize, Serialize};

use crate::reply::Silence;

/// Whom a payment call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Stripe transfers.
    Stripe,
    /// PayPal Payouts.
    Paypal,
}

/// What becomes of a payment call. Where a call is not answered, the script's `connection` says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Paid and answered.
    Succeed,
    /// Refused by the provider with the script's `code`; nothing paid.
    Refuse,
    /// Paid, not answered.
    AnswerLost,
    /// Lost on the way: not paid, not answered.
    RequestLost,
    /// Stuck on the way: not answered, reaches the provider after the script's `seconds` or
    /// `ticks` and is then treated like any other call, idempotency included.
    Late,
    /// Paid, answered 500.
    ErrorAfterApplying,
    /// Not paid, answered 500. Stripe keeps that answer under the key for a day, as documented.
    ErrorWithoutApplying,
    /// Turned away with 429 before anything was looked at; the same key may be sent again.
    RateLimited,
    /// Turned away with 503 before anything was looked at; the same key may be sent again.
    Unavailable,
}

/// States of a PayPal payout item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ItemStatus {
    /// Not processed yet.
    Pending,
    /// In the receiver's account.
    #[default]
    Success,
    /// Not paid.
    Failed,
    /// Waits for the receiver to open an account; returns by itself after 30 days.
    Unclaimed,
    /// Back with the sender.
    Returned,
    /// Sent back by the receiver.
    Refunded,
    /// Taken back from the receiver by PayPal.
    Reversed,
}

impl ItemStatus {
    /// Whether the money has left the sender.
    pub(crate) fn is_out(self) -> bool {
        matches!(self, Self::Pending | Self::Success | Self::Unclaimed)
    }
}

/// How a PayPal item ends, and the error it then shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ItemResult {
    /// The item's state.
    pub status: ItemStatus,
    /// PayPal's error name, such as `RECEIVER_UNREGISTERED`.
    #[serde(default)]
    pub error: Option<String>,
}

/// An outcome with the calls it is for. Flat, so that JSON with a wrong name is refused by name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What happens.
    pub outcome: Outcome,
    /// Only calls to this provider.
    pub provider: Option<Provider>,
    /// Only calls to this account or receiver.
    pub destination: Option<String>,
    /// Only calls with this transfer group, `Idempotency-Key`, batch id or item id.
    pub reference: Option<String>,
    /// For how many calls.
    #[serde(default = "once")]
    pub times: u32,
    /// How an unanswered connection ends.
    #[serde(default)]
    pub connection: Silence,
    /// How PayPal's items end when the call is applied.
    #[serde(default)]
    pub item: ItemResult,
    /// `refuse`: the provider's code, such as `balance_insufficient` or `INSUFFICIENT_FUNDS`.
    pub code: Option<String>,
    /// `refuse`: HTTP status, if not the one the provider uses for most refusals.
    pub status: Option<u16>,
    /// `late`: seconds of world time under way.
    pub seconds: Option<u32>,
    /// `late`: ticks under way.
    pub ticks: Option<u32>,
}

fn once() -> u32 {
    1
}

impl Script {
    /// `outcome` for the next call, whatever it is.
    #[must_use]
    pub fn next(outcome: Outcome) -> Self {
        Self {
            outcome,
            provider: None,
            destination: None,
            reference: None,
            times: 1,
            connection: Silence::Close,
            item: ItemResult::default(),
            code: None,
            status: None,
            seconds: None,
            ticks: None,
        }
    }

    /// Refuses what would do nothing, or something else than was meant.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is_refusal = self.outcome == Outcome::Refuse;
        let is_late = self.outcome == Outcome::Late;
        if self.times == 0 {
            Err("`times` must be at least 1")
        } else if is_refusal && self.code.is_none() {
            Err("`refuse` needs the provider's `code`")
        } else if !is_refusal && (self.code.is_some() || self.status.is_some()) {
            Err("`code` and `status` belong to the outcome `refuse`")
        } else if self.status.is_some_and(|status| !(400..500).contains(&status)) {
            Err("`status` of a refusal must be 400 to 499")
        } else if is_late && self.seconds.is_some() == self.ticks.is_some() {
            Err("`late` needs either `seconds` or `ticks`")
        } else if !is_late && (self.seconds.is_some() || self.ticks.is_some()) {
            Err("`seconds` and `ticks` belong to the outcome `late`")
        } else {
            Ok(())
        }
    }

    fn matches(&self, facts: &Facts<'_>) -> bool {
        let among = |wanted: &Option<String>, found: &[&str]| {
            wanted.as_ref().is_none_or(|wanted| found.contains(&wanted.as_str()))
        };
        self.provider.is_none_or(|provider| provider == facts.provider)
            && among(&self.destination, &facts.destinations)
            && among(&self.reference, &facts.references)
    }
}

/// What a script can match on.
pub(crate) struct Facts<'a> {
    pub(crate) provider: Provider,
    pub(crate) destinations: Vec<&'a str>,
    pub(crate) references: Vec<&'a str>,
}

/// The scripts still to come, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scripts(pub(crate) Vec<Script>);

impl Scripts {
    /// The script for this call; without one the call succeeds.
    pub(crate) fn take(&mut self, facts: &Facts<'_>) -> Script {
        let Some(index) = self.0.iter().position(|script| script.matches(facts)) else {
            return Script::next(Outcome::Succeed);
        };
        let mut script = self.0.remove(index);
        if script.times > 1 {
            script.times -= 1;
            self.0.insert(index, script.clone());
        }
        script
    }
}
