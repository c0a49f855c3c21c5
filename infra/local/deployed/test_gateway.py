"""What API Gateway answers, what the authorizer decides."""

import base64
import json
import unittest
import uuid

import template as templates
from fixture import PROBLEM, story, system


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
        answer = system.api.call(
            "OPTIONS", "/affiliate/register", Access_Control_Request_Headers="authorization,idempotency-key", **headers
        )
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
        answer = system.api.as_caller(token[:-2] + ("AA" if token[-2:] != "AA" else "BB")).call(
            "POST", "/conversions", {}
        )
        self.assert_problem(answer, 401, "unauthenticated")

    def assert_problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.headers["content-type"]), (status, PROBLEM), answer.text)
        self.assertEqual(answer.json()["code"], code)
