//! T2: a refund moves every line of its conversion, or waits for the charge it belongs to.

use domain::{
    commission::{CommissionStatus, Reversal},
    conversion::{Conversion, Refund, RefundCause, RefundStage},
    id::{ConversionId, ProgramId},
    money::Money,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store, account,
    accrual::Written,
    cap, commission,
    conversion::{Head, HeadItem, Record},
    error::Error,
    expression::{Condition, Update},
    history::StepItem,
    item::{Row, Shape},
    journal, key,
    projection::Credit,
    transaction::Transaction,
};

pub(crate) const REFUND_STATE: &str = "state";
const REFUNDED: &str = "refunded";

/// A refund as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefundItem {
    refund_id: String,
    #[serde(default, skip_serializing_if = "is_usual")]
    cause: RefundCause,
    #[serde(default, skip_serializing_if = "is_usual")]
    stage: RefundStage,
    pub(crate) state: RefundState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
    at: Timestamp,
    /// What it takes off whose figures; set when it is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credit: Option<Credit>,
    /// Its place among the changes of the conversion; set when it is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<StepItem>,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundState {
    /// Its charge, or the charge's lines, are not known yet.
    Waiting,
    /// It counts.
    Applied,
    /// It was refused; the worker parks it with the reason.
    Refused,
    /// It counts under the charge's canonical id.
    Moved,
}

impl RefundState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Moved => "moved",
        }
    }
}

impl Shape for RefundItem {
    const ENTITY: &'static str = "refund";
}

impl RefundItem {
    fn new(refund: &Refund, state: RefundState) -> Self {
        Self {
            refund_id: refund.refund_id.clone(),
            cause: refund.cause,
            stage: refund.stage,
            state,
            amount: refund.amount,
            at: refund.occurred_at,
            credit: None,
            step: None,
        }
    }

    pub(crate) fn occurred_at(&self) -> Timestamp {
        self.at
    }

    pub(crate) fn refund(&self) -> Refund {
        let Self { refund_id, cause, stage, amount, at, .. } = self;
        Refund {
            refund_id: refund_id.clone(),
            cause: *cause,
            stage: *stage,
            amount: *amount,
            occurred_at: *at,
        }
    }
}

impl Store {
    /// Applies a refund to a known conversion, as the reversal says.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn apply_refund(
        &self,
        record: &Record,
        refund: &Refund,
        reversal: &Reversal,
        now: Timestamp,
    ) -> Result<Written, Error> {
        let Some(known) = record.conversion() else { return Ok(Written::Stale) };
        let (conversion, mut transaction) = (&known.value, Transaction::new());
        let row = applied_row(record, conversion, refund, reversal.refunded, now)?;
        transaction
            .put_if(row, Condition::New.or(Condition::equals(REFUND_STATE, RefundState::Waiting.as_str())));
        let head = Update::new(key::conversion(&conversion.id)).set(REFUNDED, reversal.refunded.minor());
        transaction.update(head.when(Condition::revision(known.revision)));
        for line in &reversal.commissions {
            let Some(read) = record.commissions.iter().find(|read| read.value.id == line.id) else {
                return Ok(Written::Stale);
            };
            transaction.update(commission::change_of_worth(read, line)?);
        }
        for (partner, change) in &reversal.accounts {
            let currency = conversion.settlement_currency();
            let account = key::account_text(&conversion.program_id, partner, currency);
            account::move_by(&mut transaction, &account, change);
        }
        let counters = conversion.terms.iter().flat_map(|terms| terms.caps.clone()).collect::<Vec<_>>();
        cap::release(&mut transaction, &conversion.program_id, &counters, reversal.freed);
        if let Some(booked) = &reversal.transaction {
            let campaign = conversion.attribution.touch().and_then(|touch| touch.campaign.as_deref());
            transaction.put_new(journal::new_row(booked, campaign)?);
        }
        Written::of(self.commit(transaction).await)
    }

    /// Keeps a refund whose charge is not known yet, at the item where charge or alias will be
    /// written: whichever comes sees the refund, or this write sees it.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_refund_waiting(
        &self,
        record: &Record,
        program: &ProgramId,
        source: &str,
        external_id: &str,
        refund: &Refund,
    ) -> Result<Written, Error> {
        let id = domain::conversion::conversion_id(program, source, external_id);
        let mut transaction = Transaction::new();
        let head = key::conversion(&id);
        match &record.head {
            Head::Unknown => {
                transaction.put_new(Row::new(&head, &HeadItem::stub(program, source, external_id))?);
            }
            // Raising the revision makes a charge that was read before this refund be read again.
            Head::Stub { revision } => {
                transaction.update(Update::new(head).when(Condition::revision(*revision)));
            }
            Head::Known(_) | Head::Alias { .. } => return Ok(Written::Stale),
        }
        let item = RefundItem::new(refund, RefundState::Waiting);
        transaction.put_new(Row::new(&key::refund(&id, refund), &item)?);
        Written::of(self.commit(transaction).await)
    }

    /// Marks a waiting refund as refused: it is of another currency than the charge.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn refuse_refund(&self, id: &ConversionId, refund: &Refund) -> Result<(), Error> {
        let item = RefundItem::new(refund, RefundState::Refused);
        let mut transaction = Transaction::new();
        let row = Row::new(&key::refund(id, refund), &item)?;
        transaction
            .put_if(row, Condition::New.or(Condition::equals(REFUND_STATE, RefundState::Waiting.as_str())));
        Written::of(self.commit(transaction).await).map(drop)
    }

    /// Marks a waiting refund as counted under the charge's canonical id.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn refund_moved(&self, from: &ConversionId, refund: &Refund) -> Result<(), Error> {
        let update = Update::new(key::refund(from, refund))
            .set(REFUND_STATE, RefundState::Moved.as_str())
            .when(Condition::equals(REFUND_STATE, RefundState::Waiting.as_str()));
        match self.update(update).await {
            Ok(_) | Err(Error::Condition(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn applied_row(
    record: &Record,
    conversion: &Conversion,
    refund: &Refund,
    refunded: Money,
    now: Timestamp,
) -> Result<Row, Error> {
    let key = key::refund(&conversion.id, refund);
    let is_turned_down =
        record.commissions.iter().any(|line| line.value.status == CommissionStatus::Rejected);
    let credit = Credit::of_refund(conversion, refunded, is_turned_down)
        .map_err(|error| Error::Corrupt { key: key.clone(), reason: error.to_string() })?;
    let counts = credit.is_some();
    let step = Some(StepItem::after(record, now));
    let item = RefundItem { credit, step, ..RefundItem::new(refund, RefundState::Applied) };
    let row = Row::new(&key, &item)?;
    Ok(if counts { row.outbox(now) } else { row })
}
