"""The stage of the story: its people, what they have, and what is told of them."""

import hashlib
import time
from dataclasses import dataclass

from client import Api, System, until
from failure import Failure

TERMS_TEXT = b"Partners of Acme are paid for what they sell, and for what those whom they recruit sell."
TERMS = {"version": "2026-11", "sha256": hashlib.sha256(TERMS_TEXT).hexdigest()}
PLAN = {
    "rules": [{"id": "standard", "reward": {"type": "percent", "rate": "0.20"}}],
    "levels": [{"of": "base", "rate": "0.05"}, {"of": "base", "rate": "0.02"}],
    "upline_cap": "0.10",
    "hold_days": 0,
}


@dataclass
class Partner:
    """One of the three."""

    name: str
    api: Api
    id: str = ""
    code: str = ""


class Stage:
    """One program and three partners, and how they stand."""

    def __init__(self, system: System, tell=print):
        self.system = system
        self.admin = system.admin
        self._tell = tell
        self._chapter = 0
        self.partners = [
            Partner(name, system.partner(f"{name.lower()}@example.com")) for name in ("Ada", "Ben", "Cleo")
        ]
        self.ada, self.ben, self.cleo = self.partners

    def commissions(self) -> list[dict]:
        """Every commission of the three."""
        return [line for partner in self.partners for line in self.commissions_of(partner)]

    def join(self, partner: Partner, sponsor: Partner | None) -> None:
        """Applies, and is approved."""
        self.apply(partner, sponsor)
        self.admin.call("POST", f"{self.applications}/{partner.id}/approve", {}, expect=200)

    def apply(self, partner: Partner, sponsor: Partner | None) -> None:
        """Applies, by the sponsor's code if there is one."""
        application = {
            "program_id": self.program_id,
            "name": partner.name,
            "country": "DE",
            "partner_type": "individual",
            "terms": TERMS,
            "sponsor_code": sponsor.code if sponsor else None,
        }
        made = partner.api.create("/affiliate/register", application)
        partner.id, partner.code = made["id"], made["agreement"]["sponsor_code"]
        waiting = until("the application is listed", lambda: self.admin.get(self.applications)["data"])
        check([one["partner"]["id"] for one in waiting], [partner.id], "applications that wait")

    def deliver(self, event: dict) -> None:
        """Has Stripe send an event."""
        answer = self.system.send_webhook(self.webhook, self.signing_secret, event)
        check(answer.status, 200, f"answer to the webhook {event['type']}")

    def await_commissions(self, *amounts: str, say: bool = True) -> list[dict]:
        """Waits until Cleo, Ben and Ada earn these amounts, and nothing else."""
        sellers = list(zip((self.cleo, self.ben, self.ada), amounts, strict=True))

        def lines():
            found = [self.commissions_of(partner) for partner, _ in sellers]
            seen = [[line["amount"]["amount"] for line in one] for one in found]
            return seen == [[amount] for amount in amounts] and [one[0] for one in found]

        found = until(f"the commissions are {', '.join(amounts)}", lines)
        check([line["level"] for line in found], [1, 2, 3], "levels of the commissions")
        if say:
            told = "   ".join(f"{p.name} {amount} (level {n})" for n, (p, amount) in enumerate(sellers, 1))
            self.line("commissions", told)
        return found

    def commissions_of(self, partner: Partner) -> list[dict]:
        """A partner's commissions, as the API lists them."""
        return partner.api.get("/affiliate/commissions", program_id=self.program_id)["data"]

    def commission(self, partner: Partner) -> dict:
        """A partner's only commission."""
        lines = self.commissions_of(partner)
        check(len(lines), 1, f"commissions of {partner.name}")
        return lines[0]

    def dashboard(self, partner: Partner) -> dict:
        """A partner's figures of the last thirty days."""
        return partner.api.get("/affiliate/dashboard", program_id=self.program_id)

    def balances(self, partner: Partner) -> dict:
        """A partner's balances."""
        return self.dashboard(partner)["balances"]

    def payout_that_is(self, status: str) -> dict | None:
        """Cleo's only payout, if it stands there."""
        payouts = self.cleo.api.get("/affiliate/payouts", program_id=self.program_id)["data"]
        check(len(payouts), 1, "payouts of Cleo")
        return payouts[0] if payouts[0]["status"] == status else None

    def settle(self) -> None:
        """Waits until the stream and the queues have nothing left to do."""
        until("the queues are empty", lambda: not at_work(self.system))

    def head(self, title: str) -> None:
        """Begins a chapter."""
        self._chapter += 1
        self._tell(f"\n{self._chapter:2}  {title}")

    def line(self, name: str, text: str) -> None:
        """Tells one thing."""
        self._tell(f"    {name:<14}{text}" if name else f"    {text}")


def at_work(system: System) -> int:
    """Messages that wait or are being worked on, and marked items that wait for the stream."""
    sqs, table = system.aws("sqs"), system.aws("dynamodb")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    count = 0
    for queue in ("ConversionQueueUrl", "MaturityQueueUrl", "PayoutQueueUrl"):
        attributes = sqs.get_queue_attributes(QueueUrl=system.outputs[queue], AttributeNames=names)["Attributes"]
        count += sum(int(attributes[name]) for name in names)
    marked = {
        "FilterExpression": "begins_with(GSI2PK, :marker)",
        "ExpressionAttributeValues": {":marker": {"S": "OUT#"}},
    }
    return count + table.scan(TableName=system.outputs["TableName"], Select="COUNT", **marked)["Count"]


def next_second() -> None:
    """Stripe counts whole seconds: a payment within the second of its click would come before it."""
    time.sleep(1.1 - time.time() % 1)


def check(actual, wanted, what: str) -> None:
    """Ends the walk at the first thing that is not as it should be."""
    if actual != wanted:
        raise Failure(
            f"{what}: {actual!r} instead of {wanted!r}", "what the functions said is in .local/*-functions.log"
        )


def usd(amount: str) -> dict:
    """An amount on the wire."""
    return {"amount": amount, "currency": "USD"}
