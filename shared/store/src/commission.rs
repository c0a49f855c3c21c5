//! Commission lines: read one by one, by account, and as candidates for maturity.

use domain::{
    commission::{Commission, CommissionStatus, Price},
    conversion::ConversionKind,
    id::{CommissionId, PartnerId, PayoutId, ProgramId},
    money::{Currency, Money},
    risk::HoldReason,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    expression::{Condition, Update, Value},
    item::{Row, Shape},
    key,
    page::{List, Page, PageRequest},
    schema::Index,
    table::Read,
    versioned::Versioned,
};

impl Store {
    /// Commissions by their ids, read strongly; those that do not exist are left out.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn commissions(&self, ids: &[CommissionId]) -> Result<Vec<Versioned<Commission>>, Error> {
        let keys: Vec<_> = ids.iter().map(key::commission).collect();
        let rows = self.batch_get(&keys, Read::Strong).await?;
        rows.into_iter()
            .map(|row| {
                let revision = row.revision();
                Ok(Versioned { value: CommissionItem::commission(row)?, revision })
            })
            .collect()
    }

    /// A page of a partner's commissions, the latest conversion first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn commissions_of(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
        status: Option<CommissionStatus>,
        page: &PageRequest,
    ) -> Result<Page<Commission>, Error> {
        let account = key::account_text(program, partner, currency);
        let partitions = [key::commissions_of_account(&account)];
        let list = List { partitions: &partitions, newest_first: true };
        let keep = |row: &Row| status.is_none_or(|status| row.text(STATUS) == Some(status.as_str()));
        self.list(&list, page, keep).await?.try_map(CommissionItem::commission)
    }
}

pub(crate) const STATUS: &str = "status";
pub(crate) const AMOUNT: &str = "amount";
const HOLD: &str = "hold";
const ADJUSTED: &str = "adjusted";
pub(crate) const DUE: &str = "due";
pub(crate) const MATURED: &str = "matured";
pub(crate) const PAYOUT: &str = "payout";
pub(crate) const PAID_AT: &str = "paid_at";

/// A commission as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CommissionItem {
    id: CommissionId,
    program: ProgramId,
    partner: PartnerId,
    price: Price,
    status: CommissionStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<HoldReason>,
    currency: Currency,
    earned: i64,
    amount: i64,
    #[serde(default)]
    adjusted: i64,
    kind: ConversionKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    at: Timestamp,
    due: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matured: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payout: Option<PayoutId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
}

impl Shape for CommissionItem {
    const ENTITY: &'static str = "commission";
}

impl CommissionItem {
    /// The commission in a row.
    pub(crate) fn commission(row: Row) -> Result<Commission, Error> {
        let item: Self = row.parse()?;
        Ok(Commission {
            id: item.id,
            program_id: item.program,
            partner_id: item.partner,
            price: item.price,
            status: item.status,
            hold_reason: item.hold,
            earned: Money::new(item.earned, item.currency),
            amount: Money::new(item.amount, item.currency),
            adjusted: Money::new(item.adjusted, item.currency),
            kind: item.kind,
            campaign: item.campaign,
            occurred_at: item.at,
            eligible_at: item.due,
            matured_at: item.matured,
            payout_id: item.payout,
            payout_date: item.paid_at,
        })
    }
}

/// The account a commission belongs to, as part of keys.
pub(crate) fn account_of(commission: &Commission) -> String {
    key::account_text(&commission.program_id, &commission.partner_id, commission.amount.currency())
}

/// A new commission's row: listed on its account and, unless it is held, due at maturity.
pub(crate) fn new_row(commission: &Commission) -> Result<Row, Error> {
    let item = CommissionItem {
        id: commission.id.clone(),
        program: commission.program_id.clone(),
        partner: commission.partner_id.clone(),
        price: commission.price.clone(),
        status: commission.status,
        hold: commission.hold_reason,
        currency: commission.amount.currency(),
        earned: commission.earned.minor(),
        amount: commission.amount.minor(),
        adjusted: commission.adjusted.minor(),
        kind: commission.kind,
        campaign: commission.campaign.clone(),
        at: commission.occurred_at,
        due: commission.eligible_at,
        matured: commission.matured_at,
        payout: commission.payout_id.clone(),
        paid_at: commission.payout_date,
    };
    let account = account_of(commission);
    let row = Row::new(&key::commission(&commission.id), &item)?.listed(key::commission_on_account(
        &account,
        commission.occurred_at,
        &commission.id,
    ));
    Ok(match commission.status {
        CommissionStatus::Pending => {
            row.listed(key::commission_due(&account, commission.eligible_at, &commission.id))
        }
        _ => row,
    })
}

/// Moves a commission that was read at a revision to what it is now. Pending ones stand in the
/// list of those that will mature, approved ones in that of those a payout will cover.
pub(crate) fn change(commission: &Commission, revision: u64) -> Result<Update, Error> {
    let item = key::commission(&commission.id);
    let update = Update::new(item.clone())
        .set(STATUS, commission.status.as_str())
        .set(AMOUNT, commission.amount.minor())
        .set(ADJUSTED, commission.adjusted.minor());
    let update = match commission.matured_at {
        Some(at) => update.set(MATURED, Value::of(&item, &at)?),
        None => update,
    };
    let (account, due, id) = (account_of(commission), commission.eligible_at, &commission.id);
    let update = match commission.status {
        CommissionStatus::Pending => update.list(key::commission_due(&account, due, id)),
        CommissionStatus::Approved => update.list(key::commission_unpaid(&account, due, id)),
        _ => update.unlist(Index::Gsi2),
    };
    Ok(update.when(Condition::revision(revision)))
}

/// The same for a line that its payout has not paid in the end.
pub(crate) fn change_to_unpaid(line: &Commission, revision: u64) -> Result<Update, Error> {
    Ok(without_payout(change(line, revision)?))
}

fn without_payout(update: Update) -> Update {
    update.remove(PAYOUT).remove(PAID_AT)
}

/// The same for a line whose worth or hold changes. One that was reversed and is worth something
/// again has no payout any more: the next one covers it. One that was let pass is not to be
/// reviewed any more.
pub(crate) fn change_of_worth(read: &Versioned<Commission>, line: &Commission) -> Result<Update, Error> {
    let update = change(line, read.revision)?;
    let is_uncovered = read.value.payout_id.is_some() && line.payout_id.is_none();
    let is_let_pass = read.value.hold_reason.is_some() && line.hold_reason.is_none();
    let update = if is_let_pass { update.remove(HOLD) } else { update };
    Ok(if is_uncovered { without_payout(update) } else { update })
}
