//! What becomes of a payout after its end: money comes back, and what had failed is paid after all.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use payment_world::{ItemResult, ItemStatus, Outcome, Script};
use serde_json::{Value, json};
use tests::{
    World,
    audit::Ledger,
    story::{Partner, Program, text, usd},
};

use crate::payouts::{codes, earned};

/// The partner is paid by PayPal from here on.
async fn by_paypal(world: &World) {
    let method = json!({ "provider": "paypal", "email": "kid@paypal.example" });
    world.partner("kid", "PUT", "/affiliate/payout-method").json(&method).expect(200).await;
}

/// PayPal moves the item of its latest payment on.
fn move_item(world: &World, place: usize, status: ItemStatus) {
    let id = world.payments.lock().payments()[place].id.clone();
    world.payments.lock().move_item(&id, ItemResult { status, error: None }).unwrap();
}

fn reverse(world: &World) {
    let id = world.payments.lock().payments()[0].id.clone();
    world.payments.lock().reverse_transfer(&id).unwrap();
}

/// Requests a payout of everything, or of an amount, and follows it for half an hour.
async fn pay_out(world: &World, program: &Program, amount: Option<&str>) -> String {
    let mut body = json!({ "program_id": program.id });
    if let Some(amount) = amount {
        body["amount"] = usd(amount);
    }
    let payout = world.partner("kid", "POST", "/affiliate/payout/request").json(&body).expect(201).await;
    world.drain().await;
    for _ in 0..3 {
        world.pass(SignedDuration::from_mins(10)).await;
    }
    text(&payout["id"])
}

/// A payout as the partner sees it.
async fn shown(world: &World, program: &Program, kid: &Partner, id: &str) -> Value {
    let payouts = world.payouts(program, kid).await;
    payouts.into_iter().find(|payout| payout["id"] == id).unwrap()
}

/// What the journal says that each account of the program holds, in cents; `kid` has no others.
fn held(ledger: &Ledger, program: &Program) -> BTreeMap<String, i128> {
    let of_program = |(name, minor): (&String, &i128)| {
        let account = name.strip_prefix(&format!("{}/", program.id))?.strip_suffix("/USD")?;
        Some((account.split_once(":ptr_").map_or(account, |(account, _)| account).to_owned(), *minor))
    };
    ledger.balances.iter().filter_map(of_program).collect()
}

fn cents(accounts: &[(&str, i128)]) -> BTreeMap<String, i128> {
    accounts.iter().map(|(name, minor)| ((*name).to_owned(), *minor)).collect()
}

#[tokio::test]
async fn money_that_comes_back_is_payable_again_and_paid_by_the_next_payout() {
    for (provider, code, status) in [
        ("stripe", "reversed", ItemStatus::Returned),
        ("paypal", "RETURNED", ItemStatus::Returned),
        ("paypal", "REFUNDED", ItemStatus::Refunded),
        ("paypal", "REVERSED", ItemStatus::Reversed),
    ] {
        let cash = format!("cash:{provider}");
        let world = World::start().await;
        let (program, kid) = earned(&world).await;
        if provider == "paypal" {
            by_paypal(&world).await;
        }
        let first = pay_out(&world, &program, None).await;
        let paid = shown(&world, &program, &kid, &first).await;
        assert_eq!(paid["status"], "paid");
        assert_eq!(world.commissions(&program, &kid).await[0]["payout_id"], first);
        assert_eq!(held(&world.audit().await, &program), cents(&[("expense", -2_000), (&cash, 2_000)]));

        match provider {
            "stripe" => reverse(&world),
            _ => move_item(&world, 0, status),
        }
        world.days(1).await;
        let back = shown(&world, &program, &kid, &first).await;
        let expected = (&json!("returned"), &json!(code), &paid["paid_at"]);
        assert_eq!((&back["status"], &back["failure"], &back["paid_at"]), expected);
        let line = world.commissions(&program, &kid).await[0].clone();
        let unpaid = (&json!("approved"), &Value::Null, &Value::Null);
        assert_eq!((&line["status"], &line["payout_id"], &line["payout_date"]), unpaid);
        let balances = world.dashboard(&program, &kid).await["balances"].clone();
        assert_eq!((&balances["available"], &balances["paid"]), (&usd("20.00"), &usd("0.00")));
        let ledger = held(&world.audit().await, &program);
        assert_eq!(ledger, cents(&[("expense", -2_000), ("available", 2_000)]), "{code}");

        let second = pay_out(&world, &program, None).await;
        let line = world.commissions(&program, &kid).await[0].clone();
        assert_eq!((&line["status"], &line["payout_id"]), (&json!("paid"), &json!(second)));
        let figures = world.dashboard(&program, &kid).await;
        assert_eq!(figures["balances"]["paid"], usd("20.00"));
        assert_eq!(held(&world.audit().await, &program), cents(&[("expense", -2_000), (&cash, 2_000)]));
        world.days(31).await;
        assert_eq!(shown(&world, &program, &kid, &first).await, back, "what came back rests");
        world.audit().await;
    }
}

/// PayPal forgets what it denies, so a call that is late can pay what the second one was denied for.
#[tokio::test]
async fn a_denial_counts_when_no_earlier_call_can_be_under_way() {
    let denied = ItemResult { status: ItemStatus::Failed, error: Some("RECEIVER_UNREGISTERED".to_owned()) };
    let late = Script { seconds: Some(90 * 60), ..Script::next(Outcome::Late) };
    let lost = Script::next(Outcome::RequestLost);
    for (first, end, available, paid) in [(late, "paid", "0.00", 1), (lost, "failed", "20.00", 0)] {
        let world = World::start().await;
        let (program, kid) = earned(&world).await;
        by_paypal(&world).await;
        for script in [first, Script { times: 2, item: denied.clone(), ..Script::next(Outcome::Succeed) }] {
            world.payments.lock().script(script).unwrap();
        }
        let payout = pay_out(&world, &program, None).await;
        assert_eq!(
            shown(&world, &program, &kid, &payout).await["status"],
            "unknown",
            "denied, but too early"
        );
        world.pass(SignedDuration::from_hours(2)).await;
        assert_eq!(shown(&world, &program, &kid, &payout).await["status"], end);
        let standing = world.eligibility(&program, &kid).await;
        assert_eq!(standing["available"], usd(available));
        let payments = world.payments.lock().payments();
        assert_eq!(payments.iter().filter(|payment| payment.status == "SUCCESS").count(), paid);
        world.audit().await;
    }
}

#[tokio::test]
async fn money_comes_back_while_another_payout_is_on_its_way() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let first = pay_out(&world, &program, Some("10.00")).await;
    by_paypal(&world).await;
    let item = ItemResult { status: ItemStatus::Pending, error: None };
    world.payments.lock().script(Script { item, ..Script::next(Outcome::Succeed) }).unwrap();
    let second = pay_out(&world, &program, Some("10.00")).await;
    reverse(&world);
    world.days(1).await;
    assert_eq!(shown(&world, &program, &kid, &first).await["status"], "returned");
    assert_eq!(shown(&world, &program, &kid, &second).await["status"], "sent");
    let standing = world.eligibility(&program, &kid).await;
    assert_eq!((&standing["available"], &standing["open_payout_id"]), (&usd("10.00"), &json!(second)));
    let expected = [("expense", -2_000), ("available", 1_000), ("transit", 1_000)];
    assert_eq!(held(&world.audit().await, &program), cents(&expected));

    move_item(&world, 1, ItemStatus::Success);
    world.pass(SignedDuration::from_mins(10)).await;
    assert_eq!(shown(&world, &program, &kid, &second).await["status"], "paid");
    // Half of what the line is worth covers it no more than before.
    assert_eq!(world.commissions(&program, &kid).await[0]["status"], "approved");
    pay_out(&world, &program, None).await;
    assert_eq!(world.commissions(&program, &kid).await[0]["status"], "paid");
    assert_eq!(held(&world.audit().await, &program), cents(&[("expense", -2_000), ("cash:paypal", 2_000)]));
}

/// Paid twice by then: the second time is a debt, as after a refund.
#[tokio::test]
async fn what_had_failed_and_is_paid_after_all_is_never_ignored() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    by_paypal(&world).await;
    let item = ItemResult { status: ItemStatus::Failed, error: Some("RECEIVER_ACCOUNT_LOCKED".into()) };
    world.payments.lock().script(Script { item, ..Script::next(Outcome::Succeed) }).unwrap();
    let first = pay_out(&world, &program, None).await;
    let failed = shown(&world, &program, &kid, &first).await;
    assert_eq!(
        (&failed["status"], &failed["failure"]),
        (&json!("failed"), &json!("RECEIVER_ACCOUNT_LOCKED"))
    );
    let second = pay_out(&world, &program, None).await;
    world.audit().await;

    move_item(&world, 0, ItemStatus::Success);
    world.days(1).await;
    let late = shown(&world, &program, &kid, &first).await;
    assert_eq!((&late["status"], &late["failure"]), (&json!("paid"), &Value::Null));
    assert_ne!(late["paid_at"], Value::Null);
    let standing = world.eligibility(&program, &kid).await;
    assert_eq!((&standing["available"], &standing["debt"]), (&usd("-20.00"), &usd("20.00")));
    assert_eq!(codes(&standing["blockers"]), ["negative_balance"]);
    let line = world.commissions(&program, &kid).await[0].clone();
    assert_eq!((&line["status"], &line["payout_id"]), (&json!("paid"), &json!(second)), "covered once");
    let expected = [("expense", -2_000), ("available", -2_000), ("cash:paypal", 4_000)];
    assert_eq!(held(&world.audit().await, &program), cents(&expected));

    // Later earnings are netted against it, and what it had paid covers them.
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-2", "100.00", &click).await;
    world.days(31).await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("0.00"));
    let lines = world.commissions(&program, &kid).await;
    assert_eq!(lines.iter().map(|line| &line["status"]).collect::<Vec<_>>(), ["paid", "paid"]);
    assert_eq!(held(&world.audit().await, &program), cents(&[("expense", -4_000), ("cash:paypal", 4_000)]));
}

#[tokio::test]
async fn a_payout_is_looked_at_for_thirty_days() {
    for (days, status) in [(29, "returned"), (31, "paid")] {
        let world = World::start().await;
        let (program, kid) = earned(&world).await;
        let payout = pay_out(&world, &program, None).await;
        world.days(days).await;
        reverse(&world);
        world.days(2).await;
        world.days(40).await;
        assert_eq!(shown(&world, &program, &kid, &payout).await["status"], status, "after {days} days");
        assert_eq!(world.store().due_payouts(world.now(), 100).await.unwrap(), []);
    }
}
