"""A running stack, as whoever uses it sees it: the API, the payment world, and a way to wait."""

import http.client
import json
import time
import urllib.parse
import uuid
from dataclasses import dataclass

import stripe
from aws import Aws
from failure import Failure
from tokens import Users

TIMEOUT_SECONDS = 30


@dataclass
class Answer:
    """One answer."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> dict:
        """The body as JSON."""
        return json.loads(self.text)


class Server:
    """Sends requests to one address, and follows no redirect."""

    def __init__(self, url: str):
        self.url = url
        self._address = urllib.parse.urlsplit(url)

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> Answer:
        """Sends one request."""
        connection = http.client.HTTPConnection(self._address.netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, self._address.path + path, body, headers or {})
            answer = connection.getresponse()
            given = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, given, answer.read().decode())
        except OSError as error:
            raise Failure(f"{method} {self.url}{path}: {error}", "read the logs in .local/") from None
        finally:
            connection.close()

    def call(
        self, method: str, path: str, body: dict | None = None, *, expect: int | None = None, **headers: str
    ) -> Answer:
        """Sends JSON; `expect` is the status without which the whole walk makes no sense."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            given["Content-Type"] = "application/json"
        answer = self.send(method, path, data, given)
        if expect is not None and answer.status != expect:
            cause = f"{method} {path} answered {answer.status} instead of {expect}: {answer.text}"
            raise Failure(cause, "what the functions said is in .local/*-functions.log")
        return answer


class Api(Server):
    """The public API, as one caller."""

    def __init__(self, url: str, token: str | None = None):
        super().__init__(url)
        self.token = token

    def as_caller(self, token: str) -> "Api":
        """The same API, called with this token."""
        return Api(self.url, token)

    def call(self, method: str, path: str, body: dict | None = None, **options) -> Answer:
        """As of the base, with the caller's token."""
        if self.token:
            options.setdefault("Authorization", f"Bearer {self.token}")
        return super().call(method, path, body, **options)

    def get(self, path: str, **query: str) -> dict:
        """Reads something that has to be there."""
        question = f"?{urllib.parse.urlencode(query)}" if query else ""
        return self.call("GET", path + question, expect=200).json()

    def create(self, path: str, body: dict | None = None, expect: int = 201, key: str | None = None) -> dict:
        """Creates something, under a key of its own unless one is given."""
        return self.call("POST", path, body, expect=expect, Idempotency_Key=key or uuid.uuid4().hex).json()


class System:
    """Everything of one stack that a walk through it needs."""

    def __init__(self, details: dict):
        self.details = details
        self.outputs = details["outputs"]
        self.aws = Aws(details["aws_endpoint"])
        self.api = Api(details["api_url"])
        self.admin = self.api.as_caller(details["admin_token"])
        self.world = Server(details["payment_world_url"])
        self._users = Users(self.aws, self.outputs["UserPoolId"], self.outputs["UserPoolClientId"])

    def partner(self, email: str) -> Api:
        """The API as the person with this address."""
        return self.api.as_caller(self._users.token(email))

    def run_schedule(self, function: str) -> None:
        """Fires a schedule now instead of when it is due."""
        answer = self.aws("lambda").invoke(FunctionName=self.details["functions"][function], Payload=b"{}")
        if "FunctionError" in answer:
            raise Failure(f"{function} failed: {answer['Payload'].read().decode()}", "read .local/*-functions.log")

    def send_webhook(self, path: str, secret: str, event: dict) -> Answer:
        """Delivers an event as Stripe does."""
        body = json.dumps(event).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": stripe.sign(secret, body)}
        return self.api.send("POST", path, body, headers)


def until(what: str, probe, seconds: float = 30):
    """Waits for what happens behind the API's back; answers what the probe did."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise Failure(
                f"waited {seconds:.0f} s in vain: {what}", "read .local/*-functions.log and .local/*-emulator.log"
            )
        time.sleep(0.1)
    return found


def decimal(minor: int) -> str:
    """Minor units of a currency with two digits: `-2.50`"""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02}"


def money(value: dict) -> str:
    """`12.00 USD`"""
    return f"{value['amount']} {value['currency']}"
