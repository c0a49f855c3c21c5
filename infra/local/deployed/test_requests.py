"""What functions make of requests, links and webhooks."""

import json
import unittest
import uuid

import stripe
from fixture import BROWSER, PROBLEM, follow, new_link, story, system
from stage import TERMS, Partner


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
        refused = dora.api.call(
            "POST",
            "/affiliate/links/generate",
            {"program_id": story.program_id, "destination": "https://shop.acme.example/"},
            Idempotency_Key="dora",
        )
        self.assertEqual((refused.status, refused.json()["code"]), (409, "conflict"))
        again = dora.api.call("POST", f"/affiliate/agreements/{story.program_id}/accept", TERMS, expect=200).json()
        self.assertEqual(again["status"], "applied")
        system.admin.call("POST", path, {"reason": "Still none."}, expect=200)

    def test_a_problem_names_every_wrong_field_and_the_request(self):
        body = {"program_id": story.program_id, "provider": "stripe", "signing_secrets": ["short", "short"]}
        answer = system.admin.call("POST", "/admin/webhook-endpoints", body, Idempotency_Key="wrong")
        problem = answer.json()
        self.assertEqual((answer.status, answer.headers["content-type"]), (422, PROBLEM))
        self.assertEqual({one["pointer"] for one in problem["errors"]}, {"/signing_secrets/0", "/signing_secrets/1"})
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
        self.assertEqual(
            (first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")), (None, "true")
        )
        other = system.admin.call("POST", "/admin/api-keys", body | {"name": "third"}, Idempotency_Key=key)
        self.assertEqual((other.status, other.json()["code"]), (422, "idempotency_key_reused"))
        none = system.admin.call("POST", "/admin/api-keys", body)
        self.assertEqual((none.status, none.json()["code"]), (400, "idempotency_key_required"))

    def test_a_list_is_read_page_by_page(self):
        links = [new_link() for _ in range(3)]
        page = story.cleo.api.get("/affiliate/links", program_id=story.program_id, limit="2")
        self.assertEqual([one["id"] for one in page["data"]], [links[2]["id"], links[1]["id"]])
        rest = story.cleo.api.get(
            "/affiliate/links", program_id=story.program_id, limit="2", cursor=page["next_cursor"]
        )
        self.assertIn(links[0]["id"], [one["id"] for one in rest["data"]])
        foreign = story.ben.api.call(
            "GET", f"/affiliate/links?program_id={story.program_id}&limit=2&cursor={page['next_cursor']}"
        )
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
        self.assertEqual(
            (answer.status, answer.headers["content-type"], answer.json()["code"]), (404, PROBLEM, "not_found")
        )


class Webhooks(unittest.TestCase):
    """Signed messages from outside."""

    event = {
        "id": "evt_deployed",
        "object": "event",
        "type": "customer.created",
        "created": 1795348800,
        "data": {"object": {}},
    }

    def test_a_signature_covers_the_bytes_however_the_gateway_hands_them_on(self):
        body = json.dumps(self.event, indent=1, ensure_ascii=False).encode()
        # The gateway hands a body of this type on in base64.
        for content_type in ("application/json", "application/octet-stream"):
            with self.subTest(content_type):
                headers = {"Content-Type": content_type, "Stripe-Signature": stripe.sign(story.signing_secret, body)}
                self.assertEqual(system.api.send("POST", story.webhook, body, headers).status, 200)

    def test_a_wrong_or_old_signature_is_refused(self):
        body = json.dumps(self.event).encode()
        for signature in (
            stripe.sign("whsec_another", body),
            stripe.sign(story.signing_secret, body, at=1795348800 - 86400),
            "t=1",
        ):
            answer = system.api.send(
                "POST", story.webhook, body, {"Content-Type": "application/json", "Stripe-Signature": signature}
            )
            self.assertEqual((answer.status, answer.json()["code"]), (401, "invalid_signature"))
