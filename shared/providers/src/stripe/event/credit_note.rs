//! Credit notes: <https://docs.stripe.com/api/credit_notes/object> and
//! <https://docs.stripe.com/billing/invoices/credit-notes>.
//!
//! What a note gives back of an invoice that was paid goes three ways. Refunds are told by their own
//! events, by their own ids. Credit on the customer's balance is money that the merchant keeps: the
//! invoice that it pays later tells of so much less ([`super::invoice`]), and taking it off here as
//! well would take it twice. Only what was given back outside of Stripe is told by nothing else.

use domain::conversion::{Fact, Refund, RefundCause, RefundStage};
use serde::Deserialize;

use super::object::{Amounts, Reference, id};
use crate::webhook::{ExternalFact, Unreadable, json::Event};

#[derive(Deserialize)]
struct CreditNote {
    id: String,
    invoice: Option<Reference>,
    currency: String,
    status: Option<String>,
    out_of_band_amount: Option<i64>,
}

/// `credit_note.created`, `credit_note.updated` and `credit_note.voided`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let note: CreditNote = event.object()?;
    let amount = note.out_of_band_amount.filter(|amount| *amount > 0);
    let Some((amount, invoice)) = amount.zip(id(note.invoice.as_ref())) else { return Ok(Vec::new()) };
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
