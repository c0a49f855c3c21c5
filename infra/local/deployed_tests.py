"""What only a deployed stack can show: routes, authorizer, mappings, queues, schedules, rights.

usage: python infra/local run -- .local/emulator/bin/python infra/local/deployed_tests.py
"""

import base64
import json
import os
import secrets
import sys
import time
import unittest
import uuid
from pathlib import Path

import places
import stripe
import template as templates
from client import Answer, System, until
from story import PLAN, TERMS, Partner, Story, at_work, next_second, usd

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
PROBLEM = "application/problem+json"


def setUpModule():
    """One program with three partners serves every case."""
    global system, story
    file = os.environ.get(places.STACK_VARIABLE)
    if not file:
        sys.exit(__doc__)
    system = System(json.loads(Path(file).read_text()))
    story = Story(system, tell=lambda _: None)
    story.program()
    story.generations()
    story.identities()
    # With this the upline is read before it earns.
    plan = {"plan": PLAN | {"inactive_upline": "drop"}}
    system.admin.create(f"/admin/programs/{story.program_id}/plans", plan)


class Gateway(unittest.TestCase):
    """What API Gateway answers, or has the authorizer decide."""

    def test_every_route_of_the_template_leads_to_a_function(self):
        count = 0
        for name, function in templates.functions(templates.load()).items():
            for event in templates.events(function, "HttpApi"):
                with self.subTest(name):
                    public = event.get("Auth", {}).get("Authorizer") == "NONE"
                    path = event["Path"].replace("{", "").replace("}", "")
                    answer = system.api.call(event["Method"], path)
                    self.assertEqual(answer.status, 404 if public else 401)
                    # Only a function's own answer has an id: the gateway's 404 is for a missing route.
                    self.assertEqual("x-request-id" in answer.headers, public)
                    count += 1
        self.assertGreater(count, 20)

    def test_a_path_without_a_route_is_not_found(self):
        answer = system.admin.call("GET", "/affiliate/nothing")
        self.assertEqual((answer.status, answer.json()), (404, {"message": "Not Found"}))

    def test_a_preflight_is_answered_without_a_token(self):
        headers = {"Origin": "https://app.example", "Access_Control_Request_Method": "POST"}
        answer = system.api.call("OPTIONS", "/affiliate/register", Access_Control_Request_Headers="authorization,idempotency-key", **headers)
        self.assertIn(answer.status, (200, 204))
        self.assertIn(answer.headers["access-control-allow-origin"], ("*", "https://app.example"))
        self.assertIn("idempotency-key", answer.headers["access-control-allow-headers"].lower())
        self.assertIn("POST", answer.headers["access-control-allow-methods"])

    def test_a_page_of_another_origin_may_read_the_answer(self):
        answer = story.ada.api.call("GET", "/affiliate/profile", Origin="https://app.example")
        self.assertEqual(answer.status, 200)
        self.assertIn(answer.headers["access-control-allow-origin"], ("*", "https://app.example"))


class Callers(unittest.TestCase):
    """Who is let in, and where."""

    def test_a_token_that_is_not_ours_is_refused(self):
        header, payload, signature = system.details["admin_token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        forged = base64.urlsafe_b64encode(json.dumps(claims | {"sub": str(uuid.uuid4())}).encode()).decode().rstrip("=")
        for token in ("nonsense", f"{header}.{forged}.{signature}", f"{header}.{payload}."):
            with self.subTest(token[:20]):
                answer = system.api.as_caller(token).call("GET", "/affiliate/profile")
                self.assert_problem(answer, 401, "unauthenticated")

    def test_each_caller_has_a_place(self):
        for caller, method, path in (
            (story.ada.api, "POST", "/admin/programs"),
            (system.admin, "GET", "/affiliate/profile"),
            (story.merchant, "GET", "/affiliate/profile"),
            (story.ada.api, "POST", "/conversions"),
        ):
            with self.subTest(path):
                self.assert_problem(caller.call(method, path), 403, "forbidden")

    def test_an_api_key_needs_its_secret(self):
        token = story.merchant.token
        answer = system.api.as_caller(token[:-2] + ("AA" if token[-2:] != "AA" else "BB")).call("POST", "/conversions", {})
        self.assert_problem(answer, 401, "unauthenticated")

    def assert_problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.headers["content-type"]), (status, PROBLEM), answer.text)
        self.assertEqual(answer.json()["code"], code)


class Requests(unittest.TestCase):
    """What a function makes of a request."""

    def test_a_partner_changes_its_profile_and_accepts_the_terms(self):
        changed = story.ada.api.call("PATCH", "/affiliate/profile", {"country": "AT"}, expect=200).json()
        self.assertEqual(changed["country"], "AT")
        path = f"/affiliate/agreements/{story.program_id}/accept"
        accepted = story.ada.api.call("POST", path, TERMS, expect=200).json()
        self.assertEqual((accepted["status"], accepted["acceptance"]["version"]), ("approved", TERMS["version"]))
        other = story.ada.api.call("POST", path, TERMS | {"version": "2020-01"})
        self.assertEqual((other.status, other.json()["code"]), (409, "terms_outdated"))

    def test_an_application_is_turned_down(self):
        dora = Partner("Dora", system.partner("dora@example.com"))
        story.apply(dora, story.ada)
        path = f"{story.applications}/{dora.id}/reject"
        rejected = system.admin.call("POST", path, {"reason": "No website."}, expect=200).json()
        self.assertEqual((rejected["status"], rejected["reason"]), ("rejected", "No website."))
        refused = dora.api.call("POST", "/affiliate/links/generate", {"program_id": story.program_id, "destination": "https://shop.acme.example/"}, Idempotency_Key="dora")
        self.assertEqual((refused.status, refused.json()["code"]), (409, "conflict"))
        again = dora.api.call("POST", f"/affiliate/agreements/{story.program_id}/accept", TERMS, expect=200).json()
        self.assertEqual(again["status"], "applied")
        system.admin.call("POST", path, {"reason": "Still none."}, expect=200)

    def test_a_problem_names_every_wrong_field_and_the_request(self):
        body = {"program_id": story.program_id, "provider": "nobody", "signing_secrets": ["short"]}
        answer = system.admin.call("POST", "/admin/webhook-endpoints", body, Idempotency_Key="wrong")
        problem = answer.json()
        self.assertEqual((answer.status, answer.headers["content-type"]), (422, PROBLEM))
        self.assertEqual({one["pointer"] for one in problem["errors"]}, {"/provider", "/signing_secrets/0"})
        self.assertEqual(problem["request_id"], answer.headers["x-request-id"])
        self.assertEqual((problem["code"], problem["status"], problem["retryable"]), ("validation_failed", 422, False))

    def test_a_body_that_cannot_be_taken_is_refused(self):
        headers = {"Authorization": f"Bearer {story.merchant.token}", "Idempotency-Key": "body"}
        for body, content_type, status, code in (
            (b"{", "application/json", 400, "unreadable_body"),
            (b"{}", "text/plain", 415, "unsupported_media_type"),
            (b"[" + b" " * 300_000 + b"]", "application/json", 413, "body_too_large"),
        ):
            with self.subTest(code):
                answer = system.api.send("POST", "/conversions", body, headers | {"Content-Type": content_type})
                self.assertEqual((answer.status, answer.json()["code"]), (status, code))

    def test_a_repeated_request_is_answered_alike_and_a_reused_key_is_refused(self):
        body = {"program_id": story.program_id, "name": "second", "scopes": ["conversions:write"]}
        key = uuid.uuid4().hex
        first = system.admin.call("POST", "/admin/api-keys", body, expect=201, Idempotency_Key=key)
        again = system.admin.call("POST", "/admin/api-keys", body, expect=201, Idempotency_Key=key)
        self.assertEqual(again.json(), first.json())
        self.assertEqual((first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")), (None, "true"))
        other = system.admin.call("POST", "/admin/api-keys", body | {"name": "third"}, Idempotency_Key=key)
        self.assertEqual((other.status, other.json()["code"]), (422, "idempotency_key_reused"))
        none = system.admin.call("POST", "/admin/api-keys", body)
        self.assertEqual((none.status, none.json()["code"]), (400, "idempotency_key_required"))

    def test_a_list_is_read_page_by_page(self):
        links = [new_link() for _ in range(3)]
        page = story.cleo.api.get("/affiliate/links", program_id=story.program_id, limit="2")
        self.assertEqual([one["id"] for one in page["data"]], [links[2]["id"], links[1]["id"]])
        rest = story.cleo.api.get("/affiliate/links", program_id=story.program_id, limit="2", cursor=page["next_cursor"])
        self.assertIn(links[0]["id"], [one["id"] for one in rest["data"]])
        foreign = story.ben.api.call("GET", f"/affiliate/links?program_id={story.program_id}&limit=2&cursor={page['next_cursor']}")
        self.assertEqual((foreign.status, foreign.json()["code"]), (400, "invalid_cursor"))


class Links(unittest.TestCase):
    """Following a link."""

    def test_a_visitor_is_sent_on_with_a_click_id(self):
        answer = follow(new_link()["slug"], BROWSER)
        self.assertEqual((answer.status, answer.headers["cache-control"]), (302, "no-store"))
        click = answer.headers["location"].partition("trb_click=")[2]
        self.assertTrue(click.startswith("clk_"), answer.headers)
        self.assertTrue(answer.headers["set-cookie"].startswith(f"trb_click={click};"), answer.headers)

    def test_a_bot_is_sent_on_and_not_counted(self):
        answer = follow(new_link()["slug"], "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
        self.assertEqual((answer.status, answer.headers["location"]), (302, "https://shop.acme.example/"))
        self.assertNotIn("set-cookie", answer.headers)

    def test_an_unknown_link_is_a_problem(self):
        answer = follow("never-made", BROWSER)
        self.assertEqual((answer.status, answer.headers["content-type"], answer.json()["code"]), (404, PROBLEM, "not_found"))


class Webhooks(unittest.TestCase):
    """Signed messages from outside."""

    event = {"id": "evt_deployed", "object": "event", "type": "customer.created", "created": 1795348800, "data": {"object": {}}}

    def test_a_signature_covers_the_bytes_however_the_gateway_hands_them_on(self):
        body = json.dumps(self.event, indent=1, ensure_ascii=False).encode()
        # The gateway hands a body of this type on in base64.
        for content_type in ("application/json", "application/octet-stream"):
            with self.subTest(content_type):
                headers = {"Content-Type": content_type, "Stripe-Signature": stripe.sign(story.signing_secret, body)}
                self.assertEqual(system.api.send("POST", story.webhook, body, headers).status, 200)

    def test_a_wrong_or_old_signature_is_refused(self):
        body = json.dumps(self.event).encode()
        for signature in (stripe.sign("whsec_another", body), stripe.sign(story.signing_secret, body, at=1795348800 - 86400), "t=1"):
            answer = system.api.send("POST", story.webhook, body, {"Content-Type": "application/json", "Stripe-Signature": signature})
            self.assertEqual((answer.status, answer.json()["code"]), (401, "invalid_signature"))


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
        decided = system.admin.call("POST", f"/admin/commissions/{line['id']}/decide", {"decision": "reject"}, expect=200).json()
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
        made = until("the sale is attributed", lambda: [c for c in story.commissions_of(story.cleo) if c["id"] not in before])
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
        queue = system.outputs["ConversionQueueUrl"].rpartition("/")[2]
        until("the message is parked", lambda: nonsense in json.dumps(items(f"PARK#{queue}")))
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
            system.aws("dynamodb").delete_item(TableName=system.outputs["TableName"], Key={"PK": broken["PK"], "SK": broken["SK"]})

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
        paid = [(one["destination"], one["amount"], one["applied"]) for one in payments if made["id"] in one["reference"]]
        self.assertEqual(paid, [("ben@example.com", 2000, 1)])


def new_link(partner: Partner | None = None) -> dict:
    """A link, of Cleo's unless said otherwise."""
    wanted = {"program_id": story.program_id, "destination": "https://shop.acme.example/"}
    return (partner or story.cleo).api.create("/affiliate/links/generate", wanted)


def follow(slug: str, user_agent: str) -> Answer:
    """What a visitor is answered."""
    return system.api.call("GET", f"/r/{slug}", User_Agent=user_agent)


def sell(partner: Partner, amount: str, **customer: str) -> str:
    """Reports a sale to somebody who came by a partner's link; answers the conversion's id."""
    click = follow(new_link(partner)["slug"], BROWSER).headers["location"].partition("trb_click=")[2]
    order = uuid.uuid4().hex
    sale = {"type": "sale", "external_id": order, "amount": usd(amount), "customer": {"id": order, **customer}, "click_id": click}
    return story.merchant.create("/conversions", sale, expect=202)["conversion_id"]


def commission_of(partner: Partner, conversion: str) -> dict | None:
    """What a partner earns by a conversion."""
    return next((line for line in story.commissions_of(partner) if line["conversion_id"] == conversion), None)


def mature(partner: Partner, conversion: str) -> None:
    """Waits for a commission, and has it mature."""
    until("the sale is calculated", lambda: commission_of(partner, conversion))
    system.run_schedule("EvaluateMaturityFunction")
    until("the commission matures", lambda: commission_of(partner, conversion)["status"] == "approved")


def items(partition: str) -> list[dict]:
    """The items of a partition."""
    values = {":pk": {"S": partition}}
    table = system.outputs["TableName"]
    return system.aws("dynamodb").query(TableName=table, KeyConditionExpression="PK = :pk", ExpressionAttributeValues=values)["Items"]


def age(chosen) -> None:
    """Has what is on a work list have been there for an hour."""
    table = system.outputs["TableName"]
    for item in system.aws("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]:
        if chosen(item):
            hour_ago = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 3600))
            since, separator, rest = item["GSI2SK"]["S"].partition("#")
            system.aws("dynamodb").update_item(
                TableName=table,
                Key={"PK": item["PK"], "SK": item["SK"]},
                UpdateExpression="SET GSI2SK = :then",
                ExpressionAttributeValues={":then": {"S": hour_ago + separator + rest}},
            )


def waiting(queue: str) -> int:
    """Messages in a queue."""
    name = "ApproximateNumberOfMessages"
    return int(system.aws("sqs").get_queue_attributes(QueueUrl=system.outputs[queue], AttributeNames=[name])["Attributes"][name])


def send_payout(payout: str) -> None:
    """Has a payout worked on now."""
    system.aws("sqs").send_message(
        QueueUrl=system.outputs["PayoutQueueUrl"],
        MessageBody=json.dumps({"payout_id": payout}),
        MessageGroupId=payout,
        MessageDeduplicationId=uuid.uuid4().hex,
    )


if __name__ == "__main__":
    unittest.main()
