"""What happens behind the API's back: stream, queues, schedules."""

import json
import secrets
import unittest

import stripe
from client import until
from fixture import (
    BROWSER,
    age,
    commission_of,
    follow,
    items,
    mature,
    new_link,
    sell,
    send_payout,
    story,
    system,
    waiting,
)
from stage import at_work, next_second, usd


class Work(unittest.TestCase):
    """What happens behind the API's back."""

    def test_a_sale_goes_through_stream_and_queue_and_matures_by_the_schedule(self):
        conversion = sell(story.cleo, "50.00")
        line = until("the sale is calculated", lambda: commission_of(story.cleo, conversion))
        self.assertEqual((line["amount"]["amount"], line["status"]), ("10.00", "pending"))
        mature(story.cleo, conversion)

    def test_a_sale_to_oneself_is_held_until_it_is_decided(self):
        conversion = sell(story.cleo, "10.00", email="cleo@example.com")
        line = until("the sale is calculated", lambda: commission_of(story.cleo, conversion))
        self.assertEqual((line["status"], line["hold_reason"]), ("held", "self_referral"))
        decided = system.admin.call(
            "POST", f"/admin/commissions/{line['id']}/decide", {"decision": "reject"}, expect=200
        ).json()
        self.assertEqual({one["status"] for one in decided["commissions"]}, {"rejected"})
        again = system.admin.call("POST", f"/admin/commissions/{line['id']}/decide", {"decision": "release"})
        self.assertEqual((again.status, again.json()["code"]), (409, "conflict"))

    def test_a_click_that_is_told_after_the_sale_still_counts(self):
        click = follow(new_link()["slug"], BROWSER).headers["location"].partition("trb_click=")[2]
        next_second()
        payment = stripe.Subscription(3000, click)
        before = {line["id"] for line in story.commissions_of(story.cleo)}
        story.deliver(payment.invoice_paid(names_click=False))
        until("the sale waits for its customer", lambda: not at_work(system))
        self.assertEqual({line["id"] for line in story.commissions_of(story.cleo)}, before)
        story.deliver(payment.checkout_completed())
        made = until(
            "the sale is attributed", lambda: [c for c in story.commissions_of(story.cleo) if c["id"] not in before]
        )
        self.assertEqual([line["amount"]["amount"] for line in made], ["6.00"])

    def test_what_the_stream_misses_is_published_by_the_schedule(self):
        functions = system.aws("lambda")
        name = system.details["functions"]["PublishEventsFunction"]
        stream = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"][0]["UUID"]
        functions.update_event_source_mapping(UUID=stream, Enabled=False)
        try:
            conversion = sell(story.cleo, "70.00")
            # The schedule leaves the last two minutes to the stream.
            age(lambda item: item.get("entity", {}).get("S") == "fact" and "GSI2SK" in item)
            system.run_schedule("PublishMissedEventsFunction")
            until("the sale is calculated", lambda: commission_of(story.cleo, conversion))
        finally:
            functions.update_event_source_mapping(UUID=stream, Enabled=True)

    def test_a_message_that_nothing_can_come_of_is_parked(self):
        nonsense = f"nonsense {secrets.token_hex(4)}"
        system.aws("sqs").send_message(QueueUrl=system.outputs["ConversionQueueUrl"], MessageBody=nonsense)
        until("the message is parked", lambda: nonsense in json.dumps(items("PARK#conversions")))
        self.assertEqual(waiting("ConversionDlqUrl"), 0)

    def test_a_message_that_keeps_failing_ends_in_the_dead_letter_queue(self):
        payout = f"pay_{'0' * 26}"
        # The function cannot read it, which might be the function's fault: it is tried again.
        broken = {"PK": {"S": f"PAY#{payout}"}, "SK": {"S": "#META"}, "entity": {"S": "payout"}, "v": {"N": "1"}}
        system.aws("dynamodb").put_item(TableName=system.outputs["TableName"], Item=broken)
        sqs, queue = system.aws("sqs"), system.outputs["PayoutQueueUrl"]
        before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
        try:
            send_payout(payout)
            until("the message is a dead letter", lambda: waiting("PayoutDlqUrl") == 1)
        finally:
            sqs.set_queue_attributes(QueueUrl=queue, Attributes=before)
            system.aws("dynamodb").delete_item(
                TableName=system.outputs["TableName"], Key={"PK": broken["PK"], "SK": broken["SK"]}
            )

    def test_a_payout_by_paypal_is_followed_until_it_is_paid(self):
        program = {"program_id": story.program_id}
        mature(story.ben, sell(story.ben, "100.00"))
        made = story.ben.api.create("/affiliate/payout/request", program | {"amount": usd("20.00")})

        def stands(status):
            return story.ben.api.get("/affiliate/payouts", **program)["data"][0]["status"] == status

        until("PayPal has taken it", lambda: stands("sent"))
        # It would be due in five minutes.
        age(lambda item: item["PK"]["S"] == f"PAY#{made['id']}")
        system.run_schedule("ReconcilePayoutsFunction")
        until("PayPal has paid", lambda: stands("paid"))
        payments = system.world.call("GET", "/control/payments", expect=200).json()["data"]
        paid = [
            (one["destination"], one["amount"], one["applied"]) for one in payments if made["id"] in one["reference"]
        ]
        self.assertEqual(paid, [("ben@example.com", 2000, 1)])
