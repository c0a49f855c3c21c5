//! Credit notes: <https://docs.stripe.com/api/credit_notes/object> and
//! <https://docs.stripe.com/billing/invoices/credit-notes>.
//!
//! What a note gives back of an invoice that was paid goes three ways: as refunds, to the customer's
//! balance, or outside of Stripe. Refunds are told by their own events, by their own ids; the note
//! tells only the rest. What it takes off before the payment was never in the charge.
//!
//! Since API version 2025-03-31 the note lists its refunds with their amounts; before, it names at
//! most one, and no amount of it.

use domain::conversion::{Fact, Refund, RefundCause, RefundStage};
use serde::Deserialize;

use super::object::{Amounts, Reference, id};
use crate::{
    stripe::amount::AmountError,
    webhook::{ExternalFact, Unreadable, json::Event},
};

#[derive(Deserialize)]
struct CreditNote {
    id: String,
    invoice: Option<Reference>,
    currency: String,
    total: i64,
    status: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    post_payment_amount: Option<i64>,
    out_of_band_amount: Option<i64>,
    customer_balance_transaction: Option<Reference>,
    refunds: Option<Vec<NoteRefund>>,
    refund: Option<Refunded>,
}

/// A refund that the note paid for.
#[derive(Deserialize)]
struct NoteRefund {
    amount_refunded: i64,
}

/// The one refund of a note of the older shape.
#[derive(Deserialize)]
#[serde(untagged)]
enum Refunded {
    Object { amount: i64 },
    Id(#[expect(dead_code, reason = "that there is one is all that counts")] String),
}

/// `credit_note.created`, `credit_note.updated` and `credit_note.voided`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let note: CreditNote = event.object()?;
    let amount = note.beside_refunds(event)?;
    let Some(invoice) = id(note.invoice.as_ref()).filter(|_| amount > 0) else { return Ok(Vec::new()) };
    let is_void = note.status.as_deref() == Some("void");
    let refund = Refund {
        refund_id: note.id.clone(),
        cause: RefundCause::Refund,
        stage: if is_void { RefundStage::Void } else { RefundStage::Done },
        amount: Some(Amounts::new(event, &note.currency)?.money(Some(amount))?),
        occurred_at: event.at,
    };
    Ok(vec![ExternalFact::new(invoice, Fact::Refund(refund))])
}

impl CreditNote {
    /// What came back after the payment and is told by no refund.
    fn beside_refunds(&self, event: &Event<'_>) -> Result<i64, Unreadable> {
        let after_payment = match (self.post_payment_amount, self.kind.as_deref()) {
            (Some(amount), _) => amount,
            (None, Some("post_payment")) => self.total,
            (None, _) => 0,
        };
        let rest = match (&self.refunds, &self.refund) {
            (Some(refunds), _) => refunds
                .iter()
                .try_fold(after_payment, |rest, refund| rest.checked_sub(refund.amount_refunded)),
            (None, None) => Some(after_payment),
            (None, Some(Refunded::Object { amount })) => after_payment.checked_sub(*amount),
            // With nothing on the balance, what was not refunded went outside of Stripe.
            (None, Some(Refunded::Id(_))) if self.customer_balance_transaction.is_none() => {
                self.out_of_band_amount.or(Some(0))
            }
            (None, Some(Refunded::Id(_))) if after_payment <= 0 => Some(0),
            (None, Some(Refunded::Id(_))) => return Err(event.wrong("refund.amount")),
        };
        rest.ok_or_else(|| event.wrong_amount(AmountError::Overflow))
    }
}
