//! Refunds that fail, disputes and credit notes.

use super::*;

fn back(event: &str) -> Vec<(String, Refund)> {
    testing::refunds_of(read(event.as_bytes()).unwrap())
}

fn ignored(event: &str) -> bool {
    read(event.as_bytes()).unwrap().content == Content::Ignored
}

#[test]
fn a_refund_that_fails_or_is_canceled_stands_void_under_its_own_id() {
    let done = &back(REFUND)[0].1;
    for (kind, status) in [
        ("refund.failed", "failed"),
        ("refund.updated", "failed"),
        ("refund.updated", "canceled"),
        ("charge.refund.updated", "canceled"),
    ] {
        let event = of_type(&with(REFUND, json!({"status": status})), kind);
        let expected = Refund { stage: RefundStage::Void, occurred_at: at(TIME + 3601), ..done.clone() };
        assert_eq!(back(&event), [("pi_3SWdQmB7WZ01zgkW0pAyMent".to_owned(), expected)], "{kind} {status}");
    }
    for status in ["pending", "requires_action"] {
        assert!(ignored(&with(REFUND, json!({"status": status}))));
    }
}

#[test]
fn a_dispute_holds_takes_and_gives_back_by_its_status() {
    for (status, stage) in [
        ("warning_needs_response", RefundStage::Open),
        ("warning_under_review", RefundStage::Open),
        ("needs_response", RefundStage::Open),
        ("under_review", RefundStage::Open),
        ("lost", RefundStage::Done),
        ("won", RefundStage::Void),
        ("warning_closed", RefundStage::Void),
        ("prevented", RefundStage::Void),
    ] {
        for kind in ["created", "updated", "funds_withdrawn", "funds_reinstated", "closed"] {
            let event = of_type(&with(DISPUTE, json!({"status": status})), &format!("charge.dispute.{kind}"));
            let expected = Refund {
                refund_id: "du_1SWgTuB7WZ01zgkWdispute0".into(),
                cause: RefundCause::Dispute,
                stage,
                amount: Some(money("116.00", "EUR")),
                occurred_at: at(1_795_608_000),
            };
            assert_eq!(back(&event), [("pi_3SWdQmB7WZ01zgkW0pAyMent".to_owned(), expected)], "{status}");
        }
    }
    let by_charge = with(DISPUTE, json!({"payment_intent": null}));
    assert_eq!(back(&by_charge)[0].0, "ch_3SWdQmB7WZ01zgkW0charge0");
    assert!(ignored(&with(DISPUTE, json!({"amount": 0}))));
}

#[test]
fn a_dispute_that_cannot_be_placed_is_left_to_a_person() {
    for (changes, place) in [
        (json!({"status": "somehow"}), "status"),
        (json!({"status": null}), "status"),
        (json!({"charge": null, "payment_intent": null}), "charge"),
    ] {
        let expected = Unreadable::Object { kind: "charge.dispute.created".into(), at: place.into() };
        assert_eq!(read(with(DISPUTE, changes).as_bytes()), Err(expected));
    }
}

#[test]
fn a_credit_note_tells_what_went_back_outside_of_stripe_and_nothing_else() {
    let expected = Refund {
        refund_id: "cn_1SWhA0B7WZ01zgkWnote0000".into(),
        cause: RefundCause::Refund,
        stage: RefundStage::Done,
        amount: Some(money("4.00", "USD")),
        occurred_at: at(1_795_694_400),
    };
    // Refunds have events of their own, and credit on the balance lessens a later invoice.
    assert!(ignored(NOTE));
    let outside = with(NOTE, json!({"out_of_band_amount": 400}));
    assert_eq!(back(&outside), [("in_1SWdRsB7WZ01zgkWfIrst000".to_owned(), expected)]);
    assert!(ignored(&with(&outside, json!({"invoice": null}))));
    assert_eq!(back(OLD_NOTE)[0].1.amount, Some(money("11.90", "USD")));
    assert!(ignored(&with(OLD_NOTE, json!({"out_of_band_amount": null, "refund": "re_1"}))));
}

#[test]
fn a_voided_credit_note_gives_back_what_it_took() {
    let event = of_type(&with(OLD_NOTE, json!({"status": "void"})), "credit_note.voided");
    let (done, void) = (&back(OLD_NOTE)[0].1, &back(&event)[0].1);
    assert_eq!(void, &Refund { stage: RefundStage::Void, ..done.clone() });
}

#[test]
fn what_was_never_paid_tells_nothing() {
    assert!(ignored(&of_type(SESSION, "checkout.session.async_payment_failed")));
    for kind in ["invoice.voided", "invoice.marked_uncollectible", "invoice.payment_failed"] {
        assert!(ignored(&of_type(INVOICE, kind)));
    }
}
