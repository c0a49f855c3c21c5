//! Tributary's table: keys, items and transactions of DynamoDB, and nothing else.
//!
//! One table. `PK`/`SK` are made in `key` and nowhere else; GSI1 lists by owner, GSI2 holds work
//! lists of keys, GSI3 a sponsor's recruits. An index yields candidates, never decisions: whatever
//! is changed is changed under a condition on the item itself.
//!
//! # Access patterns
//!
//! Capacity in units: `s` a strong read, `e` an eventual one, per started 4 KB; `w` a write per
//! started KB, twice that in a transaction, plus one for each index row that it makes or removes.
//! `N` levels, `k` lines, `m` matured accounts.
//!
//! | pattern | method | key | operation | capacity |
//! | --- | --- | --- | --- | --- |
//! | open the connection | `warm` | none | get | 0.5 e |
//! | partner signs up (T0) | `register` | `PRT#ptr/#META`, `/AGR#`, `UNQ#EMAIL#`, `AGR#`, `IDM#`, sponsor's `AGR#` checked | transaction | 10 to 12 w |
//! | partner by id | `partner` | `PRT#ptr/#META` | get | 1 s |
//! | partners by id | `partners` | `PRT#ptr/#META` | batch get | 0.5 e each |
//! | change a profile | `update_partner` | `PRT#ptr/#META` | put at revision | 1 w |
//! | set where money goes | `set_payout_method` | `PRT#ptr/#META`, `PM#version` | transaction | 4 w |
//! | where a payout's money goes | `payout_destination` | `PRT#ptr/PM#version` | get | 0.5 e |
//! | start an identity check | `start_identity_check` | `PRT#ptr/#META`, `IDV#session`, `IDM#` | transaction | 6 w |
//! | create a program | `create_program` | `PRG#prg/#META`, `IDM#` | transaction | 5 w |
//! | program by id | `program` | `PRG#prg/#META` | get | 0.5 e |
//! | programs by id | `programs` | `PRG#prg/#META` | batch get | 1 s each |
//! | all programs, for the house's own work | `programs_page` | GSI1 `PRG` / time | query | 0.5 e per 4 KB |
//! | publish a plan version | `publish_plan` | `PRG#prg/PLAN#version`, `IDM#` | transaction | 4 w and more |
//! | plan versions | `plans` | `PRG#prg/PLAN#` | query | 1 s per 4 KB |
//! | partner joins another program | `enrol` | `AGR#prg#ptr`, `PRT#ptr/AGR#`, `IDM#`, sponsor's `AGR#` checked | transaction | 6 to 8 w |
//! | agreement with its whole upline | `agreement` | `AGR#prg#ptr/#META` | get | 1 s, any depth |
//! | agreements of an upline | `agreements` | `AGR#prg#ptr/#META` | batch get | 1 s each |
//! | enrolments of a partner | `enrolments` | `PRT#ptr/AGR#`, `PRG#`, `AGR#` | query, batch gets | 1 s, 2 s each |
//! | decide on an agreement | `update_agreement` | `AGR#prg#ptr/#META` | put at revision | 1 w |
//! | applications of a program | `agreements_of_program` | GSI1 `PRG#prg#AGR#shard` / status | query of 8 shards | 4 e and more |
//! | recruits of a sponsor | `recruits` | GSI3 `SPN#prg#ptr` | query | 0.5 e per 4 KB |
//! | create a link | `create_link` | `LNK#lnk/#META`, `AGR#prg#ptr/LINKS`, `IDM#` | transaction | 6 w |
//! | disable a link | `disable_link` | `LNK#lnk/#META`, `AGR#prg#ptr/LINKS` | transaction | 4 w |
//! | follow a link | `link` | `LNK#lnk/#META` | get | 0.5 e |
//! | link as it is now | `link_now` | `LNK#lnk/#META` | get | 1 s |
//! | links of a partner | `links` | GSI1 `AGR#prg#ptr#LNK` | query | 0.5 e per 4 KB |
//! | record a click | `record_click` | `CLK#clk/#` | put | 1 w, no index |
//! | click by id | `click` | `CLK#clk/#` | get | 1 s |
//! | clicks of links | `link_clicks` | `LNK#lnk/CLICKS` | batch get | 0.5 e each |
//! | create a coupon | `create_coupon` | `CPN#cpn/#META`, `IDM#` | transaction | 4 w |
//! | coupon by id or code | `coupon`, `coupon_of` | `CPN#cpn/#META` | get | 1 s |
//! | disable a coupon | `update_coupon` | `CPN#cpn/#META` | put at revision | 1 w |
//! | coupons of a program or partner | `coupons` | GSI1 `PRG#prg#CPN#shard` / partner, time | query of 8 shards or one | 0.5 e per 4 KB |
//! | create an API key | `create_api_key` | `KEY#key/#META`, `IDM#` | transaction | 4 w |
//! | API key by id | `api_key` | `KEY#key/#META` | get | 1 s |
//! | create a webhook address | `create_webhook_endpoint` | `WHE#whe/#META`, `IDM#` | transaction | 5 w |
//! | change a webhook address | `update_webhook_endpoint` | `WHE#whe/#META`, `IDM#` | transaction | 5 w |
//! | webhook addresses of a program | `webhook_endpoints` | GSI1 `PRG#prg#WHE` / time | query | 0.5 e per 4 KB |
//! | how an address is used | `webhook_traffic` | `WHE#whe/LIFE#` | query | 1 s |
//! | count an event | `count_webhook_event` | `WHE#whe/LIFE#RECEIVED#shard` | update | 1 w |
//! | note a refusal, one a minute | `note_webhook_failure` | `WHE#whe/LIFE#FAILED` | get, update | 0.5 e, 1 w |
//! | webhook address by id | `webhook_endpoint` | `WHE#whe/#META` | get | 1 s |
//! | webhook event, once | `record_webhook_event` | `WHK#whe#event/#` | put | 2 w, 3 with facts |
//! | events of an address | `webhook_events` | GSI1 `WHK#whe#shard` / time | query of 8 shards | 4 e and more |
//! | event by id | `webhook_event` | `WHK#whe#event/#` | get | 1 s |
//! | send an event on again | `send_again` | `WHK#whe#event/#` | get, update | 1 s, 3 w |
//! | the same, about an identity | `record_identity_word` | `WHK#whe#event/#`, `PRT#ptr/#META` | get, transaction | 1 s, 5 w |
//! | fact by API, once | `record_fact` | `FCT#evt/#`, `IDM#` | transaction | 4 w |
//! | facts by API, many at once | `record_facts` | `FCT#evt/#` | puts | 2 w each |
//! | the answer to them | `keep_answer` | `IDM#caller#operation#key/#` | put | 1 w per KB |
//! | charge with lines and refunds | `conversion` | `CNV#cnv` | query | 1 s per 4 KB |
//! | attributed charges of a day | `conversions_of_day` | GSI1 `PRG#prg#CNV#day#shard` / time | query of 8 shards | 4 e and more |
//! | the same, day after day | `walk` | GSI1 `PRG#prg#CNV#day#shard` / time | queries of 8 shards | 4 e and more a day |
//! | charges with lines and refunds | `conversions` | `CNV#cnv` | queries | 1 s per 4 KB each |
//! | charges against their entries | `replay` | `CNV#cnv`, `TXN#txn` | queries, batch gets | 1 s per 4 KB each, 1 s each entry |
//! | attributed charge (T1) | `accrue` | `CNV#cnv/#META`, `COM#level`, `TXN#txn`; `ADJ#` that counted, `CAP#` | transaction | 2(N + 2) w, 2 for each cap |
//! | what caps were used by | `cap_usage` | `CAP#prg#scope#subject/period` | batch get | 1 s each |
//! | charge that earns nobody | `record_unattributed` | `CNV#cnv/#META`, `CUS#/WAIT#cnv`, `CUS#` checked for each identity | transaction | 1, 6 or 10 w |
//! | charge by another id | `canonical_id` | `CNV#cnv/#META` | get | 1 s |
//! | note another id | `note_alias` | `CNV#cnv/#META` of the other id | put | 1 w |
//! | refund (T2) | `apply_refund` | `CNV#cnv/ADJ#refund`, `#META`, `COM#`, `ACC#/BAL`, `TXN#` | transaction | 2(3 + N + m) w |
//! | refund before its sale | `keep_refund_waiting` | `CNV#cnv/#META`, `ADJ#refund` | transaction | 4 w |
//! | refund that cannot count | `refuse_refund` | `CNV#cnv/ADJ#refund` | put | 1 w |
//! | refund counted elsewhere | `refund_moved` | `CNV#cnv/ADJ#refund` | update | 1 w |
//! | who brought a customer | `binding` | `CUS#prg#cus/#META` | get | 1 s |
//! | bind a customer, once | `bind` | `CUS#prg#cus/#META` of each identity | put or transaction | 1 or 4 w |
//! | earliest sale of a customer | `note_sale` | `CUS#prg#cus/#META` | update | 1 w |
//! | charges waiting for a binding | `waiting_conversions` | `CUS#prg#cus/WAIT#` | query | 1 s per 4 KB |
//! | a charge waits no longer | `stop_waiting` | `CUS#prg#cus/WAIT#cnv` | delete | 1 w |
//! | publish exchange rates | `publish_exchange_rates` | `FX#from#to/day`, `IDM#` | batch get, transaction | 1 s and 3 w each, 2 w |
//! | rate of a day | `exchange_rate` | `FX#from#to/day` | get | 1 s |
//! | rates of a pair | `exchange_rates` | `FX#from#to` | query | 1 s per 4 KB |
//! | charge without its rate | `wait_for_rate` | `CNV#cnv/#META`, `FX#from#to#day/WAIT#cnv`, once `FX#MISSING/` | gets, transaction | 2 s, 4 w |
//! | a charge has its rate | `stop_waiting_for_rate` | `FX#from#to#day/WAIT#cnv` | delete | 1 w |
//! | charges waiting for a rate | `waiting_for_rate` | `FX#from#to#day/WAIT#` | query | 1 s per 4 KB |
//! | how far they were told of it | `rate_sent` | `FX#from#to/day`, at last `FX#MISSING/` | update | 1 w |
//! | rates that are waited for | `missing_exchange_rates` | `FX#MISSING`, `FX#from#to/day` | query, batch get | 1 s per 4 KB, 1 s each |
//! | decide on held lines | `record_review` | `CNV#cnv/#META`, `COM#level`, `TXN#txn`; `REJ` | transaction | 2(2 + N) w |
//! | adjust a line | `adjust` | `CNV#cnv/#META`, `COM#level`, `COR#adj`, `TXN#txn`, `IDM#`; `ACC#/BAL` when matured | transaction | 14 or 16 w |
//! | awards of bonuses by id | `awards` | `CNV#cnv/#META` | batch get | 1 s each |
//! | grant a bonus, or take it back | `book_award` | `CNV#cnv/#META`, `COM#01`, `TXN#txn`; `ACC#/BAL` when matured | transaction | 8 or 10 w |
//! | commissions by id | `commissions` | `CNV#cnv/COM#level` | batch get | 1 s each |
//! | commissions of a partner | `commissions_of` | GSI1 `ACC#prg#ptr#CUR` / `COM#` | query | 0.5 e per 4 KB |
//! | commissions to mature | `due_commissions` | GSI2 `MAT#shard` / time | query of 8 shards | 4 e and more |
//! | mature a batch (T3) | `mature` | `CNV#/COM#`, `ACC#/BAL`, `TXN#` | transaction | 2(k + 2) w |
//! | balances for a decision | `account` | `ACC#prg#ptr#CUR/BAL` | get | 1 s |
//! | journal transaction by id | `transaction` | `TXN#txn/#META` | get | 1 s |
//! | journal transactions by id | `transactions` | `TXN#txn/#META` | batch get | 1 s each |
//! | journal of a day | `journal_of_day` | GSI1 `JRN#prg#day#shard` | query of 8 shards | 4 e and more |
//! | request a payout (T4) | `request_payout` | `ACC#/BAL`, `PAY#`, `TXN#`, `IDM#`; `PRT#`, `AGR#` checked | transaction | 12 w |
//! | payout by id | `payout` | `PAY#pay/#META` | get | 1 s |
//! | payouts of a partner | `payouts_of` | GSI1 `ACC#prg#ptr#CUR` / `PAY#` | query | 0.5 e per 4 KB |
//! | payouts to look after | `due_payouts` | GSI2 `DUE#PAY#shard` / time | query of 8 shards | 4 e and more |
//! | intent, and what the provider said (T5) | `move_payout` | `PAY#pay`, `EXT#provider#id` | update or transaction | 1 or 4 w |
//! | settled, failed, returned (T6 to T8) | `close_payout` | `PAY#pay`, `ACC#/BAL`, `TXN#` | transaction | 6 w |
//! | ask again later | `postpone_payout` | `PAY#pay/#META` | update | 1 w |
//! | nothing more to do | `rest_payout` | `PAY#pay/#META` | update | 1 w |
//! | commissions that a payout paid | `cover` | GSI2 `UNP#ACC#`, `CNV#/COM#`, `ACC#/BAL` | query, transaction | 2(k + 1) w |
//! | count a row of the outbox | `project` | the row, `MET#`, `ACT#`, `ACC#/PRJ` | transaction | 4 w and more |
//! | count a click | `project` | `VIS#lnk#day#visitor/#`; `CLK#clk/#`, `LNK#lnk/CLICKS`, `MET#` | put, transaction | 7 w |
//! | counters of a period | `day_counters` | `MET#AGR#prg#ptr/DAY#` | query | 1 s per 4 KB |
//! | performance of a partner | `performance` | `MET#AGR#prg#ptr/DAY#`, `ACT#prg#ptr/day` | two queries | 1 s per 4 KB |
//! | the same by one metric | `performance_by` | `MET#AGR#prg#ptr/DAY#` or `ACT#prg#ptr/day` | query | 1 s per 4 KB |
//! | partners whose tier may move | `active_agreements` | GSI1 `PRG#prg#AGR#shard` / approved | query of a shard | 0.5 e per 4 KB |
//! | move to another tier | `change_tier` | `AGR#prg#ptr/#META`, `TIER#time` | transaction | 4 w |
//! | moves between tiers | `tier_changes` | `AGR#prg#ptr/TIER#` | query | 1 s per 4 KB |
//! | what lacks for the next tiers | `next_tiers` | `PRG#prg/PLAN#`, `MET#AGR#prg#ptr/DAY#` or `ACT#prg#ptr/day` | two queries each | 1 s per 4 KB |
//! | totals of a partner | `totals` | `ACC#prg#ptr#CUR/PRJ` | get | 0.5 e |
//! | outbox entries that were missed | `overdue` | GSI2 `OUT#shard` / time | query of 8 shards, batch get | 4 e, 1 s each |
//! | an entry is done | `unmark` | the row | update | 1 w |
//! | facts are on their way | `facts_sent` | the row | update | 2 w, 3 of a webhook event |
//! | row of a change that was parked | `changed_row` | the row | get | 1 s |
//! | answer to a repeated request | `earlier_answer` | `IDM#caller#operation#key/#` | get | 1 s |
//! | audit a program | `audit_program` | GSI1 `PRG#prg#AGR#shard`, `JRN#prg#day#shard`, `ACC#`; `CNV#`, `TXN#`, `ACC#`, `MET#` | queries, gets | all of it once |
//! | what was forgotten | `audit_liveness` | GSI2 `OUT#shard`, `DUE#PAY#shard`, `MAT#shard` / time | queries of 24 shards, batch gets | 12 e and more |
//! | park a message | `park` | `PARK#queue/message` | put | 2 w |
//! | parked messages | `parked` | GSI1 `PARK#queue` / time | query of 1 or 6 queues | 0.5 e per 4 KB each |
//! | parked message by id | `parked_message` | `PARK#queue/message` | get | 1 s |
//! | a parked message is dealt with | `resolve_parked` | `PARK#queue/message`, `PARK#queue/message#time`, `IDM#` | transaction | 7 w |

pub mod account;
pub mod accrual;
pub mod adjust;
pub mod agreement;
mod alias;
pub mod api_key;
mod attribution;
pub mod audit;
pub mod bonus;
mod cap;
mod capacity;
pub mod click;
mod commission;
mod commit;
pub mod conversion;
pub mod coupon;
mod coverage;
pub mod cursor;
pub mod customer;
pub mod error;
pub mod exchange;
mod expression;
pub mod fact;
pub mod history;
pub mod idempotency;
mod item;
mod journal;
mod key;
pub mod link;
pub mod maturity;
pub mod outbox;
pub mod page;
pub mod park;
pub mod partner;
pub mod payout;
pub mod performance;
pub mod program;
pub mod projection;
mod refund;
mod replay;
mod retry;
mod review;
pub mod schema;
mod table;
pub mod tier;
mod transaction;
mod versioned;
pub mod webhook;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

use aws_sdk_dynamodb::{Client, types::ConsumedCapacity};

use crate::{capacity::Kind, table::Read};
pub use crate::{
    capacity::{Consumed, Meter},
    error::{Error, Failure, Failures},
    item::{Attributes, Row},
    key::Key,
    versioned::Versioned,
};

/// The table.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    meter: Option<Meter>,
}

impl Store {
    /// The table of this name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, meter: None }
    }

    /// The same table, with every request's consumption added to the returned meter.
    #[must_use]
    pub fn metered(mut self) -> (Self, Meter) {
        let meter = Meter::default();
        self.meter = Some(meter.clone());
        (self, meter)
    }

    /// Opens the connection before the first caller waits for it. What comes back is not looked
    /// at: a table that cannot be reached shows when it is needed.
    pub async fn warm(&self) {
        let nothing = Key { pk: "WARM".to_owned(), sk: "#".to_owned() };
        drop(self.get(&nothing, Read::Eventual).await);
    }

    fn measure<'a>(&self, kind: Kind, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        if let Some(meter) = &self.meter {
            meter.add(kind, consumed);
        }
    }
}
