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
fn a_credit_note_tells_what_no_refund_tells() {
    let expected = Refund {
        refund_id: "cn_1SWhA0B7WZ01zgkWnote0000".into(),
        cause: RefundCause::Refund,
        stage: RefundStage::Done,
        amount: Some(money("6.90", "USD")),
        occurred_at: at(1_795_694_400),
    };
    assert_eq!(back(NOTE), [("in_1SWdRsB7WZ01zgkWfIrst000".to_owned(), expected)]);
    let refund = |amount| json!({"amount_refunded": amount, "refund": "re_1", "type": "refund"});
    for (changes, amount) in [
        (json!({"refunds": []}), Some("11.90")),
        (json!({"refunds": [refund(190), refund(1000)]}), None),
        (json!({"refunds": [], "post_payment_amount": 0, "pre_payment_amount": 1190}), None),
        (
            json!({"refunds": [refund(90)], "post_payment_amount": 190, "pre_payment_amount": 1000}),
            Some("1.00"),
        ),
        (json!({"invoice": null}), None),
    ] {
        let event = with(NOTE, changes);
        match amount {
            Some(amount) => assert_eq!(back(&event)[0].1.amount, Some(money(amount, "USD"))),
            None => assert!(ignored(&event)),
        }
    }
}

#[test]
fn a_credit_note_of_the_older_shape_tells_what_it_can() {
    assert_eq!(back(OLD_NOTE)[0].1.amount, Some(money("11.90", "USD")));
    let refunded = json!({"id": "re_1", "object": "refund", "amount": 190});
    for (changes, amount) in [
        (json!({"type": "pre_payment"}), None),
        (json!({"refund": "re_1", "out_of_band_amount": null}), None),
        (json!({"refund": "re_1", "out_of_band_amount": 400}), Some("4.00")),
        (json!({"refund": refunded, "customer_balance_transaction": "cbtxn_1"}), Some("10.00")),
        (json!({"customer_balance_transaction": "cbtxn_1", "out_of_band_amount": null}), Some("11.90")),
    ] {
        let event = with(OLD_NOTE, changes);
        match amount {
            Some(amount) => assert_eq!(back(&event)[0].1.amount, Some(money(amount, "USD"))),
            None => assert!(ignored(&event)),
        }
    }
    let unclear = with(OLD_NOTE, json!({"refund": "re_1", "customer_balance_transaction": "cbtxn_1"}));
    let expected = Unreadable::Object { kind: "credit_note.created".into(), at: "refund.amount".into() };
    assert_eq!(read(unclear.as_bytes()), Err(expected));
}

#[test]
fn a_voided_credit_note_gives_back_what_it_took() {
    let event = of_type(&with(NOTE, json!({"status": "void"})), "credit_note.voided");
    let (done, void) = (&back(NOTE)[0].1, &back(&event)[0].1);
    assert_eq!(void, &Refund { stage: RefundStage::Void, ..done.clone() });
}

#[test]
fn what_was_never_paid_tells_nothing() {
    assert!(ignored(&of_type(SESSION, "checkout.session.async_payment_failed")));
    for kind in ["invoice.voided", "invoice.marked_uncollectible", "invoice.payment_failed"] {
        assert!(ignored(&of_type(INVOICE, kind)));
    }
}
