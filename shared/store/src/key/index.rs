//! Rows of the indexes, and the partitions that lists and work lists read.

use domain::{
    id::{
        CommissionId, ConversionId, CustomerId, ParkedMessageId, PartnerId, PayoutId, ProgramId,
        TransactionId, WebhookEndpointId,
    },
    money::Currency,
};
use jiff::{Timestamp, civil::Date};

use super::{Key, SHARDS, compact_day, day, shard, time};
use crate::schema::Index;

/// Where an item shows up in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexKey {
    pub(crate) index: Index,
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// What a list reads: one partition of the table or of an index, narrowed by a sort key prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) index: Option<Index>,
    pub(crate) pk: String,
    pub(crate) prefix: String,
}

impl Partition {
    fn of(index: Index, pk: String, prefix: &str) -> Self {
        Self { index: Some(index), pk, prefix: prefix.to_owned() }
    }

    fn sharded(index: Index, pk: impl Fn(u8) -> String, prefix: &str) -> Vec<Self> {
        (0..SHARDS).map(|shard| Self::of(index, pk(shard), prefix)).collect()
    }
}

// Programs and plans.

/// GSI1: a program among all programs, by the time it was made.
pub(crate) fn program_among_all(program: &ProgramId, created: Timestamp) -> IndexKey {
    IndexKey { index: Index::Gsi1, pk: "PRG".to_owned(), sk: format!("{}#{program}", time(created)) }
}

/// All programs. They are few, and made seldom: one partition takes them.
pub(crate) fn all_programs() -> Partition {
    Partition::of(Index::Gsi1, "PRG".to_owned(), "")
}

/// All plan versions of a program.
pub(crate) fn plans(program: &ProgramId) -> Partition {
    Partition { index: None, pk: format!("PRG#{program}"), prefix: "PLAN#".to_owned() }
}

// Agreements and links.

/// GSI1: an agreement among its program's, by status and then by the time of joining.
pub(crate) fn agreement_in_program(
    program: &ProgramId,
    partner: &PartnerId,
    status: &str,
    joined: Timestamp,
) -> IndexKey {
    let pk = format!("PRG#{program}#AGR#{}", shard(partner.as_str()));
    IndexKey { index: Index::Gsi1, pk, sk: format!("{status}#{}", time(joined)) }
}

/// A program's agreements, all or those of one status.
pub(crate) fn agreements_of_program(program: &ProgramId, status: Option<&str>) -> Vec<Partition> {
    let prefix = status.map_or_else(String::new, |status| format!("{status}#"));
    Partition::sharded(Index::Gsi1, |shard| format!("PRG#{program}#AGR#{shard}"), &prefix)
}

/// The programs a partner is enrolled in.
pub(crate) fn enrolments_of(partner: &PartnerId) -> Partition {
    Partition { index: None, pk: format!("PRT#{partner}"), prefix: "AGR#".to_owned() }
}

/// A partner's moves between tiers.
pub(crate) fn tier_changes_of(program: &ProgramId, partner: &PartnerId) -> Partition {
    Partition { index: None, pk: format!("AGR#{program}#{partner}"), prefix: "TIER#".to_owned() }
}

/// GSI3: an agreement among its sponsor's direct recruits, by the time of joining.
pub(crate) fn agreement_of_sponsor(program: &ProgramId, sponsor: &PartnerId, joined: Timestamp) -> IndexKey {
    let pk = format!("SPN#{program}#{sponsor}");
    IndexKey { index: Index::Gsi3, pk, sk: time(joined) }
}

/// A sponsor's direct recruits.
pub(crate) fn recruits_of(program: &ProgramId, sponsor: &PartnerId) -> Partition {
    Partition::of(Index::Gsi3, format!("SPN#{program}#{sponsor}"), "")
}

/// GSI1: a link among its partner's, by the time it was made.
pub(crate) fn link_of_partner(program: &ProgramId, partner: &PartnerId, created: Timestamp) -> IndexKey {
    let pk = format!("AGR#{program}#{partner}#LNK");
    IndexKey { index: Index::Gsi1, pk, sk: time(created) }
}

/// A partner's links in a program.
pub(crate) fn links_of_partner(program: &ProgramId, partner: &PartnerId) -> Partition {
    Partition::of(Index::Gsi1, format!("AGR#{program}#{partner}#LNK"), "")
}

/// GSI1: a coupon among its program's, by its partner and then by the time it was made.
pub(crate) fn coupon_in_program(program: &ProgramId, partner: &PartnerId, created: Timestamp) -> IndexKey {
    let pk = format!("PRG#{program}#CPN#{}", shard(partner.as_str()));
    IndexKey { index: Index::Gsi1, pk, sk: format!("{partner}#{}", time(created)) }
}

/// A program's coupons, or those of one partner in it.
pub(crate) fn coupons_of(program: &ProgramId, partner: Option<&PartnerId>) -> Vec<Partition> {
    let pk = |shard| format!("PRG#{program}#CPN#{shard}");
    match partner {
        Some(partner) => {
            vec![Partition::of(Index::Gsi1, pk(shard(partner.as_str())), &format!("{partner}#"))]
        }
        None => Partition::sharded(Index::Gsi1, pk, ""),
    }
}

// Customers and conversions.

/// The conversions that wait for a customer's binding.
pub(crate) fn waiting_for(program: &ProgramId, customer: &CustomerId) -> Partition {
    let pk = format!("CUS#{program}#{customer}");
    Partition { index: None, pk, prefix: "WAIT#".to_owned() }
}

/// A conversion with its commission lines and adjustments.
pub(crate) fn conversion_with_lines(conversion: &ConversionId) -> Partition {
    Partition { index: None, pk: format!("CNV#{conversion}"), prefix: String::new() }
}

/// GSI1: an attributed conversion among its program's of the day it happened, by the time of it.
pub(crate) fn conversion_in_program(
    program: &ProgramId,
    conversion: &ConversionId,
    at: Timestamp,
) -> IndexKey {
    let day = compact_day(day(at));
    let pk = format!("PRG#{program}#CNV#{day}#{}", shard(conversion.as_str()));
    // The day stands in the partition's key, and a head has to stay below a kilobyte.
    let time = at.strftime("%H:%M:%S%.3f");
    IndexKey { index: Index::Gsi1, pk, sk: format!("{time}#{}", conversion.body()) }
}

/// A program's attributed conversions of one day.
pub(crate) fn conversions_of_day(program: &ProgramId, day: Date) -> Vec<Partition> {
    let day = compact_day(day);
    Partition::sharded(Index::Gsi1, |shard| format!("PRG#{program}#CNV#{day}#{shard}"), "")
}

/// GSI1: a commission on its partner's account, by the time of the sale.
pub(crate) fn commission_on_account(account: &str, at: Timestamp, commission: &CommissionId) -> IndexKey {
    let sk = format!("COM#{}#{commission}", time(at));
    IndexKey { index: Index::Gsi1, pk: account.to_owned(), sk }
}

/// The commissions of an account.
pub(crate) fn commissions_of_account(account: &str) -> Partition {
    Partition::of(Index::Gsi1, account.to_owned(), "COM#")
}

/// The sort keys of an account's commissions of sales from a day on.
pub(crate) fn commissions_since(first: Date) -> (String, String) {
    // `$` follows `#`, so that every commission is before it.
    (format!("COM#{first}"), "COM$".to_owned())
}

/// GSI2: a commission among those that wait for the end of their holding period, by that time.
pub(crate) fn commission_due(account: &str, due: Timestamp, commission: &CommissionId) -> IndexKey {
    let pk = format!("MAT#{}", shard(&commission.to_string()));
    IndexKey { index: Index::Gsi2, pk, sk: format!("{}#{account}#{commission}", time(due)) }
}

/// The commissions that wait for the end of their holding period.
pub(crate) fn commissions_due() -> Vec<Partition> {
    Partition::sharded(Index::Gsi2, |shard| format!("MAT#{shard}"), "")
}

/// GSI2: a matured commission among those of its account that no payout has covered yet.
pub(crate) fn commission_unpaid(account: &str, due: Timestamp, commission: &CommissionId) -> IndexKey {
    IndexKey { index: Index::Gsi2, pk: format!("UNP#{account}"), sk: format!("{}#{commission}", time(due)) }
}

/// An account's matured commissions that no payout has covered yet, the oldest first.
pub(crate) fn commissions_unpaid(account: &str) -> Partition {
    Partition::of(Index::Gsi2, format!("UNP#{account}"), "")
}

// Accounts, journal, payouts.

/// GSI1: a journal transaction among its program's of that day.
pub(crate) fn journal_in_program(
    program: &ProgramId,
    transaction: &TransactionId,
    at: Timestamp,
) -> IndexKey {
    let day = compact_day(day(at));
    let pk = format!("JRN#{program}#{day}#{}", shard(transaction.as_str()));
    IndexKey { index: Index::Gsi1, pk, sk: format!("{}#{transaction}", time(at)) }
}

/// A program's journal of one day.
pub(crate) fn journal_of_day(program: &ProgramId, day: Date) -> Vec<Partition> {
    let day = compact_day(day);
    Partition::sharded(Index::Gsi1, |shard| format!("JRN#{program}#{day}#{shard}"), "")
}

/// GSI1: a payout on its account, by the time of the request.
pub(crate) fn payout_on_account(account: &str, at: Timestamp, payout: &PayoutId) -> IndexKey {
    let sk = format!("PAY#{}#{payout}", time(at));
    IndexKey { index: Index::Gsi1, pk: account.to_owned(), sk }
}

/// The payouts of an account.
pub(crate) fn payouts_of_account(account: &str) -> Partition {
    Partition::of(Index::Gsi1, account.to_owned(), "PAY#")
}

/// GSI2: a payout that needs another step, by the time of that step.
pub(crate) fn payout_due(payout: &PayoutId, at: Timestamp) -> IndexKey {
    let pk = format!("DUE#PAY#{}", shard(payout.as_str()));
    IndexKey { index: Index::Gsi2, pk, sk: format!("{}#{payout}", time(at)) }
}

/// The payouts that need another step.
pub(crate) fn payouts_due() -> Vec<Partition> {
    Partition::sharded(Index::Gsi2, |shard| format!("DUE#PAY#{shard}"), "")
}

// Exchange rates.

/// The rates between two currencies, by day.
pub(crate) fn exchange_rates(from: Currency, to: Currency) -> Partition {
    Partition { index: None, pk: format!("FX#{from}#{to}"), prefix: String::new() }
}

/// The conversions that wait for the rate of a day.
pub(crate) fn all_waiting_for_rate(from: Currency, to: Currency, day: Date) -> Partition {
    Partition { index: None, pk: format!("FX#{from}#{to}#{day}"), prefix: "WAIT#".to_owned() }
}

/// The rates that are waited for.
pub(crate) fn missing_rates() -> Partition {
    Partition { index: None, pk: "FX#MISSING".to_owned(), prefix: String::new() }
}

// The edge.

/// GSI1: an address for webhooks among its program's, by the time it was made.
pub(crate) fn webhook_endpoint_in_program(
    program: &ProgramId,
    endpoint: &WebhookEndpointId,
    created: Timestamp,
) -> IndexKey {
    let pk = format!("PRG#{program}#WHE");
    IndexKey { index: Index::Gsi1, pk, sk: format!("{}#{endpoint}", time(created)) }
}

/// A program's addresses for webhooks. They are few, and made seldom: one partition takes them.
pub(crate) fn webhook_endpoints_of(program: &ProgramId) -> Partition {
    Partition::of(Index::Gsi1, format!("PRG#{program}#WHE"), "")
}

/// What is known of how an address for webhooks is used.
pub(crate) fn webhook_traffic(endpoint: &WebhookEndpointId) -> Partition {
    Partition { index: None, pk: format!("WHE#{endpoint}"), prefix: "LIFE#".to_owned() }
}

/// GSI1: a webhook event among its address's, by the time it came in. An index that is too busy slows
/// the table's own writes down, hence the shards.
pub(crate) fn webhook_event_of_endpoint(
    endpoint: &WebhookEndpointId,
    event_id: &str,
    at: Timestamp,
) -> IndexKey {
    let pk = format!("WHK#{endpoint}#{}", shard(event_id));
    IndexKey { index: Index::Gsi1, pk, sk: time(at) }
}

/// The events that came to an address.
pub(crate) fn webhook_events_of(endpoint: &WebhookEndpointId) -> Vec<Partition> {
    Partition::sharded(Index::Gsi1, |shard| format!("WHK#{endpoint}#{shard}"), "")
}

/// GSI1: a parked message among its queue's, by the time it was parked.
pub(crate) fn parked_in_queue(queue: &str, message: &ParkedMessageId, at: Timestamp) -> IndexKey {
    let pk = format!("PARK#{queue}");
    IndexKey { index: Index::Gsi1, pk, sk: format!("{}#{message}", time(at)) }
}

/// The parked messages of a queue. One partition: so many that it mattered would be an outage, and a
/// message that cannot be parked stays in its queue.
pub(crate) fn parked_of(queue: &str) -> Partition {
    Partition::of(Index::Gsi1, format!("PARK#{queue}"), "")
}

/// GSI2: an item that must still cause something, by the time it was written.
pub(crate) fn outbox(key: &Key, at: Timestamp) -> IndexKey {
    let pk = format!("OUT#{}", shard(&format!("{}{}", key.pk, key.sk)));
    IndexKey { index: Index::Gsi2, pk, sk: time(at) }
}

/// The items that must still cause something.
pub(crate) fn outbox_shards() -> Vec<Partition> {
    Partition::sharded(Index::Gsi2, |shard| format!("OUT#{shard}"), "")
}
