//! Keys: the only place where one is formatted.
//!
//! Every constructor names one item or one index row. Parts that come from outside pass through
//! [`part`], so that no text can reach into a neighbour's key; times have a fixed number of
//! digits, so that they sort as text.

mod index;

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use domain::{
    conversion::{Refund, RefundCause, RefundStage},
    id::{
        AdjustmentId, ApiKeyId, CommissionId, ConversionId, CouponId, CustomerId, EventId, LinkId,
        ParkedMessageId, PartnerId, PayoutId, ProgramId, TransactionId, WebhookEndpointId,
    },
    money::Currency,
    partner::PayoutProvider,
    plan::CapCounter,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sha2::{Digest, Sha256};

pub(crate) use index::*;

/// Parts that a list or a work list of many writers is split into.
pub(crate) const SHARDS: u8 = 8;

/// Longest outside text that is kept readable inside a key.
const MAX_PART: usize = 200;

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    fn meta(pk: String) -> Self {
        Self::new(pk, "#META")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.pk, self.sk)
    }
}

/// The shard of an item, by a hash of its own id: a writer needs no lookup, a reader asks all.
///
/// Changing the hash or [`SHARDS`] would hide rows that are already written.
pub(crate) fn shard(id: &str) -> u8 {
    Sha256::digest(id.as_bytes()).first().map_or(0, |byte| byte % SHARDS)
}

/// Text from outside as one part of a key.
///
/// A long text would break the key's limit, and one with a separator could pose as another key:
/// both are replaced by their hash.
fn part(text: &str) -> String {
    if text.len() <= MAX_PART && !text.contains('#') && !text.starts_with('~') {
        text.to_owned()
    } else {
        format!("~{}", BASE64URL_NOPAD.encode(&Sha256::digest(text.as_bytes())))
    }
}

/// A time with exactly three decimals, so that text order is time order.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The UTC day as `20261122`.
fn compact_day(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

/// The UTC day of a time.
pub(crate) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The moment a UTC day begins.
pub(crate) fn start_of(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |start| start.timestamp())
}

/// A partner's account in a program and currency, as part of keys and index rows.
pub(crate) fn account_text(program: &ProgramId, partner: &PartnerId, currency: Currency) -> String {
    format!("ACC#{program}#{partner}#{currency}")
}

// Partners.

/// A partner.
pub(crate) fn partner(partner: &PartnerId) -> Key {
    Key::meta(format!("PRT#{partner}"))
}

/// Where a partner's money goes, by one version of the payout method.
pub(crate) fn payout_method(partner: &PartnerId, version: u32) -> Key {
    Key::new(format!("PRT#{partner}"), format!("PM#{version:06}"))
}

/// An identity check of a partner.
pub(crate) fn identity_check(partner: &PartnerId, session: &str) -> Key {
    Key::new(format!("PRT#{partner}"), format!("IDV#{}", part(session)))
}

/// A partner's enrolment in a program: leads to the agreement.
pub(crate) fn enrolment(partner: &PartnerId, program: &ProgramId) -> Key {
    Key::new(format!("PRT#{partner}"), format!("AGR#{program}"))
}

/// The marker that an email is taken; the mail address itself is not in the key.
pub(crate) fn email_marker(email_hmac: &str) -> Key {
    Key::new(format!("UNQ#EMAIL#{email_hmac}"), "#")
}

// Programs and plans.

/// A program.
pub(crate) fn program(program: &ProgramId) -> Key {
    Key::meta(format!("PRG#{program}"))
}

/// One version of a program's plan.
pub(crate) fn plan(program: &ProgramId, version: u32) -> Key {
    Key::new(format!("PRG#{program}"), format!("PLAN#{version:06}"))
}

// Agreements and links.

/// A partner's agreement in a program.
pub(crate) fn agreement(program: &ProgramId, partner: &PartnerId) -> Key {
    Key::meta(format!("AGR#{program}#{partner}"))
}

/// A link; its id derives from the slug that visitors follow.
pub(crate) fn link(link: &LinkId) -> Key {
    Key::meta(format!("LNK#{link}"))
}

/// What a link's clicks have come to.
pub(crate) fn link_clicks(link: &LinkId) -> Key {
    Key::new(format!("LNK#{link}"), "CLICKS")
}

/// How many links a partner has in a program.
pub(crate) fn link_count(program: &ProgramId, partner: &PartnerId) -> Key {
    Key::new(format!("AGR#{program}#{partner}"), "LINKS")
}

/// The first click of a visitor on a link on a day.
pub(crate) fn first_click(link: &LinkId, day: Date, visitor: &str) -> Key {
    Key::new(format!("VIS#{link}#{day}#{}", part(visitor)), "#")
}

/// A coupon; its id derives from the code that customers use.
pub(crate) fn coupon(coupon: &CouponId) -> Key {
    Key::meta(format!("CPN#{coupon}"))
}

/// A click.
pub(crate) fn click(click: &str) -> Key {
    Key::new(format!("CLK#{}", part(click)), "#")
}

// Customers and conversions.

/// A customer's binding to the partner who brought them.
pub(crate) fn customer(program: &ProgramId, customer: &CustomerId) -> Key {
    Key::meta(format!("CUS#{program}#{customer}"))
}

/// A conversion that waits for its customer's binding.
pub(crate) fn waiting(program: &ProgramId, customer: &CustomerId, conversion: &ConversionId) -> Key {
    Key::new(format!("CUS#{program}#{customer}"), format!("WAIT#{conversion}"))
}

/// A conversion.
pub(crate) fn conversion(conversion: &ConversionId) -> Key {
    Key::meta(format!("CNV#{conversion}"))
}

/// One line of a conversion: what a partner earns at a level.
pub(crate) fn commission(commission: &CommissionId) -> Key {
    Key::new(format!("CNV#{}", commission.conversion()), format!("COM#{}", commission.line()))
}

/// One stage of a refund, dispute or cancellation of a conversion.
pub(crate) fn refund(conversion: &ConversionId, refund: &Refund) -> Key {
    let Refund { cause, stage, refund_id, .. } = refund;
    let sk = match (cause, stage) {
        (RefundCause::Refund, RefundStage::Done) => format!("ADJ#{}", part(refund_id)),
        _ => format!("ADJ#{}#{}#{}", part(refund_id), cause.as_str(), stage.as_str()),
    };
    Key::new(format!("CNV#{conversion}"), sk)
}

/// An administrator's adjustment of a line.
pub(crate) fn line_adjustment(commission: &CommissionId, adjustment: &AdjustmentId) -> Key {
    Key::new(format!("CNV#{}", commission.conversion()), format!("COR#{adjustment}"))
}

// Accounts, journal, payouts.

/// The strong balances of an account.
pub(crate) fn balance(account: &str) -> Key {
    Key::new(account.to_owned(), "BAL")
}

/// The projected totals of an account.
pub(crate) fn projection(account: &str) -> Key {
    Key::new(account.to_owned(), "PRJ")
}

/// A journal transaction.
pub(crate) fn journal(transaction: &TransactionId) -> Key {
    Key::meta(format!("TXN#{transaction}"))
}

/// A payout.
pub(crate) fn payout(payout: &PayoutId) -> Key {
    Key::meta(format!("PAY#{payout}"))
}

/// A payout by the provider's id of the payment.
pub(crate) fn provider_payment(provider: PayoutProvider, provider_id: &str) -> Key {
    Key::new(format!("EXT#{}#{}", provider.as_str(), part(provider_id)), "#")
}

// The edge.

/// A webhook event as it was received.
pub(crate) fn webhook_event(endpoint: &WebhookEndpointId, event_id: &str) -> Key {
    Key::new(format!("WHK#{endpoint}#{}", part(event_id)), "#")
}

/// An address to which a provider sends its webhooks.
pub(crate) fn webhook_endpoint(endpoint: &WebhookEndpointId) -> Key {
    Key::meta(format!("WHE#{endpoint}"))
}

/// How many events of its shard came to an address, and when the last one did.
pub(crate) fn webhook_received(endpoint: &WebhookEndpointId, event_id: &str) -> Key {
    Key::new(format!("WHE#{endpoint}"), format!("LIFE#RECEIVED#{}", shard(event_id)))
}

/// How often an address refused what came, and why it last did.
pub(crate) fn webhook_failures(endpoint: &WebhookEndpointId) -> Key {
    Key::new(format!("WHE#{endpoint}"), "LIFE#FAILED")
}

/// A fact as the merchant's server reported it.
pub(crate) fn fact(event: &EventId) -> Key {
    Key::new(format!("FCT#{event}"), "#")
}

/// What a caller's idempotency key answered to an operation.
pub(crate) fn idempotency(caller: &str, operation: &str, key: &str) -> Key {
    Key::new(format!("IDM#{}#{operation}#{}", part(caller), part(key)), "#")
}

/// A merchant's API key.
pub(crate) fn api_key(key: &ApiKeyId) -> Key {
    Key::meta(format!("KEY#{key}"))
}

/// A message that no retry can help.
pub(crate) fn parked(queue: &str, message: &ParkedMessageId) -> Key {
    Key::new(format!("PARK#{queue}"), message.to_string())
}

/// What became of a parked message.
pub(crate) fn resolved_message(queue: &str, message: &ParkedMessageId, at: Timestamp) -> Key {
    Key::new(format!("PARK#{queue}"), format!("{message}#{}", time(at)))
}

/// How much of a cap was used, for one subject and period.
pub(crate) fn cap_counter(program: &ProgramId, counter: &CapCounter) -> Key {
    let CapCounter { scope, subject, period } = counter;
    Key::new(format!("CAP#{program}#{}#{}", scope.as_str(), part(subject)), period.clone())
}

// Exchange rates.

/// The rate between two currencies on a day.
pub(crate) fn exchange_rate(from: Currency, to: Currency, day: Date) -> Key {
    Key::new(format!("FX#{from}#{to}"), day.to_string())
}

/// A conversion that waits for the rate of its day.
pub(crate) fn waiting_for_rate(from: Currency, to: Currency, day: Date, conversion: &ConversionId) -> Key {
    Key::new(format!("FX#{from}#{to}#{day}"), format!("WAIT#{conversion}"))
}

/// The note that a rate is waited for; the days come first, so that the longest wait does too.
pub(crate) fn missing_rate(from: Currency, to: Currency, day: Date) -> Key {
    Key::new("FX#MISSING".to_owned(), format!("{day}#{from}#{to}"))
}

/// A partner's counters of one day and campaign.
pub(crate) fn metrics(program: &ProgramId, partner: &PartnerId, day: Date, campaign: &str) -> Key {
    Key::new(metrics_partition(program, partner), format!("DAY#{day}#{}", part(campaign)))
}

/// The partition of a partner's counters.
pub(crate) fn metrics_partition(program: &ProgramId, partner: &PartnerId) -> String {
    format!("MET#AGR#{program}#{partner}")
}

/// The sort keys of a partner's counters from the first day to the last, both included.
pub(crate) fn metrics_range(first: Date, last: Date) -> (String, String) {
    // `$` follows `#`, so that every campaign of the last day is inside.
    (format!("DAY#{first}#"), format!("DAY#{last}$"))
}

/// A customer's sales of one day with the partner who made them.
pub(crate) fn active_customer(
    program: &ProgramId,
    partner: &PartnerId,
    day: Date,
    customer: &CustomerId,
) -> Key {
    Key::new(active_customers(program, partner), format!("{day}#{customer}"))
}

/// The partition of a partner's customers by the day they bought.
pub(crate) fn active_customers(program: &ProgramId, partner: &PartnerId) -> String {
    format!("ACT#{program}#{partner}")
}

/// The sort keys of the customers who bought from the first day to the last, both included.
pub(crate) fn active_range(first: Date, last: Date) -> (String, String) {
    (format!("{first}#"), format!("{last}$"))
}

/// What a review took off a conversion that it turned down.
pub(crate) fn rejection(conversion: &ConversionId) -> Key {
    Key::new(format!("CNV#{conversion}"), "REJ")
}

/// A partner's move from one tier to another.
pub(crate) fn tier_change(program: &ProgramId, partner: &PartnerId, at: Timestamp) -> Key {
    Key::new(format!("AGR#{program}#{partner}"), format!("TIER#{}", time(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outside_text_cannot_reach_into_another_key() {
        assert_eq!(part("in_1"), "in_1");
        for text in ["a#b", "~hash", &"x".repeat(201)] {
            let kept = part(text);
            assert!(kept.starts_with('~') && kept.len() < 50 && !kept.contains('#'), "{kept}");
        }
        assert_ne!(idempotency("a#op", "op", "k"), idempotency("a", "op", "op#k"));
    }

    #[test]
    fn times_sort_as_text_whatever_their_precision() {
        let times = ["2026-11-22T08:00:00Z", "2026-11-22T08:00:00.5Z", "2026-11-22T08:00:00.51Z"];
        let keys: Vec<_> = times.iter().map(|t| time(t.parse().unwrap())).collect();
        assert_eq!(keys[1], "2026-11-22T08:00:00.500Z");
        assert!(keys.is_sorted());
    }

    #[test]
    fn the_shard_of_an_id_never_changes() {
        // Written rows are found by it: a new value here means lost rows there.
        assert_eq!([shard("a"), shard("b"), shard("ptr_1")], [2, 6, shard("ptr_1")]);
        assert!((0..100).all(|n| shard(&n.to_string()) < SHARDS));
    }
}
