//! Transactions by which money goes back: <https://apidocs.chargebee.com/docs/api/transactions>.

use std::collections::BTreeMap;

use domain::{
    conversion::{Fact, Refund, RefundCause, RefundStage},
    money::Money,
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::webhook::{ExternalFact, Unreadable, amount::Amounts, json::Event};

#[derive(Deserialize)]
struct Shown {
    transaction: Option<Transaction>,
    invoice: Option<Invoice>,
    credit_note: Option<CreditNote>,
}

#[derive(Deserialize)]
struct Transaction {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    status: Option<String>,
    payment_method: Option<String>,
    currency_code: String,
    amount: Option<i64>,
    date: Option<i64>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    linked_credit_notes: Vec<LinkedCreditNote>,
    #[serde(default)]
    linked_invoices: Vec<LinkedInvoice>,
}

#[derive(Deserialize)]
struct LinkedCreditNote {
    cn_reference_invoice_id: Option<String>,
    cn_reason_code: Option<String>,
    applied_amount: i64,
}

#[derive(Deserialize)]
struct LinkedInvoice {
    invoice_id: String,
    applied_amount: i64,
}

#[derive(Deserialize)]
struct Invoice {
    id: String,
}

#[derive(Deserialize)]
struct CreditNote {
    reference_invoice_id: Option<String>,
    reason_code: Option<String>,
}

/// How much of each invoice went back.
type Shares = BTreeMap<String, Money>;

/// Every event that shows a transaction; those by which money comes in are told by their invoice.
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let shown: Shown = event.object()?;
    let Some(transaction) = &shown.transaction else { return Ok(Vec::new()) };
    let amounts = Amounts::new(event, &transaction.currency_code)?;
    let shares = match transaction.kind.as_str() {
        "refund" => shown.refunded(transaction, &amounts)?,
        "payment_reversal" => transaction.reversed(event, &amounts)?,
        _ => return Ok(Vec::new()),
    };
    let Some(stage) = transaction.stage(event) else { return Ok(Vec::new()) };
    let date = transaction.date.and_then(|date| Timestamp::from_second(date).ok());
    let cause = shown.cause(transaction);
    let fact = |(invoice, amount): (String, Money)| {
        let refund = Refund {
            refund_id: transaction.id.clone(),
            cause,
            stage,
            amount: Some(amount),
            occurred_at: date.unwrap_or(event.at),
        };
        ExternalFact::new(invoice, Fact::Refund(refund))
    };
    Ok(shares.into_iter().filter(|(_, amount)| !amount.is_zero()).map(fact).collect())
}

impl Shown {
    /// One refund may be of several credit notes, of one invoice or of several. What was paid beyond
    /// any invoice goes back without one, and was never in a charge.
    fn refunded(&self, transaction: &Transaction, amounts: &Amounts<'_>) -> Result<Shares, Unreadable> {
        let mut shares = Shares::new();
        for note in &transaction.linked_credit_notes {
            let Some(invoice) = &note.cn_reference_invoice_id else { continue };
            let share = shares.entry(invoice.clone()).or_insert(amounts.zero());
            *share = amounts.money(share.plus(amounts.minor(note.applied_amount)))?;
        }
        if let (true, Some(invoice), Some(amount)) =
            (transaction.linked_credit_notes.is_empty(), self.invoice(), transaction.amount)
        {
            shares.insert(invoice.to_owned(), amounts.minor(amount));
        }
        Ok(shares)
    }

    fn invoice(&self) -> Option<&str> {
        let note = self.credit_note.as_ref().and_then(|note| note.reference_invoice_id.as_deref());
        note.or(self.invoice.as_ref().map(|invoice| invoice.id.as_str()))
    }

    /// The transaction's own links come first: every event shows those, and the cause is a part of the
    /// refund's identity, so that it must not depend on which event tells it.
    fn cause(&self, transaction: &Transaction) -> RefundCause {
        let linked = transaction.linked_credit_notes.iter().map(|note| note.cn_reason_code.as_deref());
        let shown = self.credit_note.iter().map(|note| note.reason_code.as_deref());
        let is_linked = !transaction.linked_credit_notes.is_empty();
        let mut reasons =
            linked.chain(shown.filter(|_| !is_linked)).chain([transaction.payment_method.as_deref()]);
        if reasons.any(|reason| reason == Some("chargeback")) {
            RefundCause::Dispute
        } else {
            RefundCause::Refund
        }
    }
}

impl Transaction {
    /// What a bank took back; which payment it was is for a person to find out where it does not say.
    fn reversed(&self, event: &Event<'_>, amounts: &Amounts<'_>) -> Result<Shares, Unreadable> {
        if self.linked_invoices.is_empty() {
            return Err(event.wrong("transaction.linked_invoices"));
        }
        let share =
            |linked: &LinkedInvoice| (linked.invoice_id.clone(), amounts.minor(linked.applied_amount));
        Ok(self.linked_invoices.iter().map(share).collect())
    }

    /// What is still under way will be told again.
    fn stage(&self, event: &Event<'_>) -> Option<RefundStage> {
        if self.deleted || event.kind == "transaction_deleted" {
            return Some(RefundStage::Void);
        }
        match self.status.as_deref() {
            Some("success") | None => Some(RefundStage::Done),
            Some("voided" | "failure" | "late_failure") => Some(RefundStage::Void),
            Some(_) => None,
        }
    }
}
