"""The main job, walked through the public API: three generations of partners, a sale, refunds, a payout."""

import hashlib
import secrets
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from client import Api, System, money, until
from failure import Failure
from stripe import Subscription

TERMS_TEXT = b"Partners of Acme are paid for what they sell, and for what those whom they recruit sell."
TERMS = {"version": "2026-11", "sha256": hashlib.sha256(TERMS_TEXT).hexdigest()}
PLAN = {
    "rules": [{"id": "standard", "reward": {"type": "percent", "rate": "0.20"}}],
    "levels": [{"of": "base", "rate": "0.05"}, {"of": "base", "rate": "0.02"}],
    "upline_cap": "0.10",
    "hold_days": 0,
}
REPEATS = 10


@dataclass
class Partner:
    """One of the three."""

    name: str
    api: Api
    id: str = ""
    code: str = ""


class Story:
    """Walks, checks and tells, chapter by chapter; the first thing that is not as it should be ends it."""

    def __init__(self, system: System, tell=print):
        self.system = system
        self.admin = system.admin
        self._tell = tell
        self._chapter = 0
        self.partners = [Partner(name, system.partner(f"{name.lower()}@example.com")) for name in ("Ada", "Ben", "Cleo")]
        self.ada, self.ben, self.cleo = self.partners

    def run(self) -> None:
        """The whole of it."""
        self.program()
        self.generations()
        self.identities()
        click = self.link()
        self.sale(click)
        self.repeats()
        self.refund()
        self.explain()
        self.maturity()
        self.payout()
        self.refund_after_payout()
        self.figures()

    def program(self) -> None:
        """A program, its plan, the keys of the merchant."""
        self._head("A program")
        wanted = {
            "name": "Acme Partners",
            "currency": "USD",
            "terms": {**TERMS, "url": "https://acme.example/partner-terms"},
            "payout": {"minimum": usd("10.00"), "method_rest_days": 0},
            "link_hosts": ["shop.acme.example"],
        }
        program = self.admin.create("/admin/programs", wanted)
        self.program_id = program["id"]
        self.applications = f"/admin/programs/{self.program_id}/applications"
        self._line("program", f"{program['name']}, {program['currency']}, payouts from {money(program['payout']['minimum'])}")
        plan = self.admin.create(f"/admin/programs/{self.program_id}/plans", {"plan": PLAN})
        self._line("plan 1", "20 % of a sale to who sold, 5 % and 2 % to the two sponsors above, no holding period")
        check(plan["version"], 1, "version of the plan")
        self.signing_secret = f"whsec_{secrets.token_hex(16)}"
        endpoint = {"program_id": self.program_id, "provider": "stripe", "signing_secrets": [self.signing_secret]}
        made = self.admin.create("/admin/webhook-endpoints", endpoint)
        self.webhook = f"/webhooks/stripe/{made['id']}"
        check(made["url"], self.admin.url + self.webhook, "address of the webhook endpoint")
        key = {"program_id": self.program_id, "name": "checkout", "scopes": ["conversions:write"]}
        self.merchant = self.system.api.as_caller(self.admin.create("/admin/api-keys", key)["token"])
        self._line("merchant", "an address for Stripe's webhooks, and an API key")

    def generations(self) -> None:
        """Each recruits the next."""
        self._head("Three generations of partners")
        sponsor = None
        for partner in self.partners:
            self.join(partner, sponsor)
            self._line(partner.name, f"{partner.id}, recruited by {sponsor.name if sponsor else 'nobody'}, approved")
            sponsor = partner

    def identities(self) -> None:
        """Who wants to be paid proves who they are and says where to."""
        self._head("Identity and payout method")
        hook = {"url": self.admin.url + self.webhook, "secret": self.signing_secret}
        self.system.world.call("PUT", "/control/webhook", hook, expect=200)
        methods = {
            "Ada": {"provider": "stripe", "account": "acct_1AdaExample"},
            "Ben": {"provider": "paypal", "email": "ben@example.com"},
            "Cleo": {"provider": "stripe", "account": "acct_1CleoExample"},
        }
        for partner in self.partners:
            session = partner.api.create("/affiliate/identity-checks")["session_id"]
            verdict = {"outcome": "verified"}
            told = self.system.world.call("POST", f"/control/identity/{session}", verdict, expect=200).json()
            check([one["status"] for one in told["deliveries"]], [200, 200], "answers to the checker's webhooks")
            method = partner.api.call("PUT", "/affiliate/payout-method", methods[partner.name], expect=200).json()
            profile = partner.api.get("/affiliate/profile")
            check(profile["identity"]["status"], "verified", f"identity of {partner.name}")
            check(profile["missing"], [], f"what {partner.name} still has to do")
            self._line(partner.name, f"identity verified by signed webhook, paid by {method['provider']} ({method['hint']})")

    def link(self) -> str:
        """A tracking link, followed."""
        self._head("A link, followed")
        wanted = {
            "program_id": self.program_id,
            "destination": "https://shop.acme.example/boots?color=red",
            "campaign": "spring",
            "utm": {"source": "cleo", "medium": "newsletter"},
            "slug": f"cleo-spring-{secrets.token_hex(2)}",
        }
        link = self.cleo.api.create("/affiliate/links/generate", wanted)
        path = link["url"].removeprefix(self.admin.url)
        followed = self.system.api.call("GET", path, expect=302, User_Agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
        target = urllib.parse.urlsplit(followed.headers["location"])
        query = dict(urllib.parse.parse_qsl(target.query))
        click = query.pop("trb_click")
        wanted_query = {"color": "red", "utm_source": "cleo", "utm_medium": "newsletter"}
        check(query, wanted_query, "query of the destination")
        self._line("link", link["url"].removeprefix(self.admin.url) + ", campaign spring")
        self._line("followed", f"302 to {target.netloc}{target.path}?color=red&utm_source=cleo&…")
        self._line("click", f"{click[:14]}…, signed: proves itself to whoever reports the sale")
        return click

    def sale(self, click: str) -> None:
        """What Stripe tells of a first payment, and what it earns."""
        self._head("A sale of 100.00 USD, told by Stripe")
        next_second()
        self.stripe = Subscription(10000, click)
        self.paid = self.stripe.invoice_paid()
        events = (self.stripe.checkout_completed(), self.paid, self.stripe.invoice_payment_paid())
        for event in events:
            self.deliver(event)
        self._line("webhooks", ", ".join(event["type"] for event in events))
        self._await_commissions("20.00", "5.00", "2.00")

    def repeats(self) -> None:
        """The same fact again, by every door."""
        self._head("The same sale again, by every door")
        with ThreadPoolExecutor(REPEATS) as pool:
            list(pool.map(self.deliver, [self.paid] * REPEATS))
        self._line("webhook", f"the same event {REPEATS} times at once: 200 each time")
        again = {**self.paid, "id": "evt_resent_under_another_id"}
        self.deliver(again)
        self._line("webhook", "the same invoice in an event of another id: 200")
        sale = {
            "type": "sale",
            "source": "stripe",
            "external_id": self.stripe.invoice,
            "amount": usd("100.00"),
            "customer": {"id": self.stripe.customer},
        }
        told = self.merchant.create("/conversions", sale, expect=202)
        self._line("API key", f"POST /conversions: 202, {told['conversion_id']}")
        self._settle()
        lines = self._await_commissions("20.00", "5.00", "2.00", say=False)
        check({line["conversion_id"] for line in lines}, {told["conversion_id"]}, "conversions behind the commissions")
        self._line("outcome", "one conversion, three commissions, not a cent more")

    def refund(self) -> None:
        """A partial refund reaches every level."""
        self._head("A refund of 40.00 USD, told by Stripe")
        self.deliver(self.stripe.refund_created(4000))
        self._await_commissions("12.00", "3.00", "1.20")

    def explain(self) -> None:
        """Why each cent."""
        self._head("Why Cleo's commission is what it is")
        commission = self._commission(self.cleo)
        for sentence in self.cleo.api.get(f"/affiliate/commissions/{commission['id']}/explain")["sentences"]:
            self._line("", sentence)
        foreign = self.ada.api.call("GET", f"/affiliate/commissions/{commission['id']}/explain")
        check(foreign.status, 404, "answer to Ada, whose commission it is not")

    def maturity(self) -> None:
        """What is due becomes payable."""
        self._head("Maturity")
        self.system.run_schedule("EvaluateMaturityFunction")
        for partner in self.partners:
            until(f"{partner.name}'s commission matures", lambda p=partner: self._commission(p)["status"] == "approved")
        self._line("available", ", ".join(f"{p.name} {self._balances(p)['available']['amount']}" for p in self.partners))
        check([self._balances(p)["available"]["amount"] for p in self.partners], ["1.20", "3.00", "12.00"], "available balances")

    def payout(self) -> None:
        """Money leaves, once."""
        self._head("Payouts")
        refused = self.ada.api.call("POST", "/affiliate/payout/request", {"program_id": self.program_id}, expect=409, Idempotency_Key="ada-1")
        self._line("Ada", f"409 {refused.json()['code']}: {refused.json()['blockers'][0]['detail']}")
        request = {"program_id": self.program_id}
        first = self.cleo.api.call("POST", "/affiliate/payout/request", request, expect=201, Idempotency_Key="cleo-1")
        again = self.cleo.api.call("POST", "/affiliate/payout/request", request, expect=201, Idempotency_Key="cleo-1")
        check(again.text, first.text, "answer to the repeated request")
        check(again.headers.get("idempotent-replayed"), "true", "Idempotent-Replayed of the repeated request")
        asked = first.json()
        self._line("Cleo", f"201 {asked['id']}, {money(asked['amount'])}; the same request again: the same answer")
        paid = until("the payout is paid", lambda: self._payout("paid"))
        received = self.system.world.call("GET", "/control/payments", expect=200).json()["data"]
        check(len(received), 1, "payments that the payment world received")
        payment = received[0]
        check((payment["destination"], payment["amount"], payment["applied"]), ("acct_1CleoExample", 1200, 1), "the payment")
        self._line("Stripe", f"received {payment['id']}: {payment['amount'] / 100:.2f} {payment['currency']} to {payment['destination']}")
        check(paid["provider_id"], payment["id"], "the provider's id of the payout")
        line = until("the commission is paid", lambda: (c := self._commission(self.cleo))["status"] == "paid" and c)
        check(line["payout_id"], asked["id"], "payout of the commission")
        self._line("commission", f"paid, payout date {line['payout_date'][:10]}")

    def refund_after_payout(self) -> None:
        """What was paid for a sale that did not last is owed back."""
        self._head("Another refund of 10.00 USD, after the payout, told with the API key")
        refund = {
            "type": "refund",
            "source": "stripe",
            "external_id": self.stripe.payment_intent,
            "refund_id": "re_by_api",
            "amount": usd("10.00"),
        }
        self.merchant.create("/conversions", refund, expect=202)
        self._await_commissions("10.00", "2.50", "1.00")
        eligibility = self.cleo.api.get("/affiliate/payout/eligibility", program_id=self.program_id)
        check(eligibility["debt"]["amount"], "2.00", "debt of Cleo")
        self._line("Cleo", f"debt {money(eligibility['debt'])}: {', '.join(one['code'] for one in eligibility['blockers'])}")

    def figures(self) -> None:
        """What partners see."""
        self._head("Cleo's dashboard, Ada's tree")
        self._settle()
        wanted = {"sales": 1, "revenue": usd("50.00"), "earnings": usd("10.00")}
        until("the dashboard has caught up", lambda: {name: self._dashboard(self.cleo)["totals"][name] for name in wanted} == wanted)
        board = self._dashboard(self.cleo)
        totals, balances = board["totals"], board["balances"]
        self._line("totals", f"{totals['clicks']} click, {totals['sales']} sale, revenue {money(totals['revenue'])}, earned {money(totals['earnings'])}")
        self._line("balances", ", ".join(f"{name} {amount['amount']}" for name, amount in balances.items()))
        self._line("campaigns", ", ".join(f"{one['campaign']} {money(one['earnings'])}" for one in board["by_campaign"]))
        tree = self.ada.api.get("/affiliate/referrals", program_id=self.program_id, depth="2")
        check([(one["partner_id"], one["depth"]) for one in tree["data"]], [(self.ben.id, 1), (self.cleo.id, 2)], "Ada's tree")
        for one in tree["data"]:
            name = next(partner.name for partner in self.partners if partner.id == one["partner_id"])
            self._line(f"{'  ' * (one['depth'] - 1)}└ {name}", f"generation {one['depth']}, {one['status']}")
        levels = [(one["level"], one["earnings"]["amount"]) for one in tree["earnings_by_level"]]
        check(levels, [(3, "1.00")], "Ada's earnings by level")
        self._line("Ada earned", ", ".join(f"{amount} USD on level {level}" for level, amount in levels))

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

    def _await_commissions(self, *amounts: str, say: bool = True) -> list[dict]:
        """Waits until Cleo, Ben and Ada earn these amounts, and nothing else."""
        sellers = list(zip((self.cleo, self.ben, self.ada), amounts))

        def lines():
            found = [self.commissions_of(partner) for partner, _ in sellers]
            seen = [[line["amount"]["amount"] for line in one] for one in found]
            return seen == [[amount] for amount in amounts] and [one[0] for one in found]

        found = until(f"the commissions are {', '.join(amounts)}", lines)
        check([line["level"] for line in found], [1, 2, 3], "levels of the commissions")
        if say:
            told = "   ".join(f"{p.name} {amount} (level {n})" for n, (p, amount) in enumerate(sellers, 1))
            self._line("commissions", told)
        return found

    def commissions_of(self, partner: Partner) -> list[dict]:
        """A partner's commissions, as the API lists them."""
        return partner.api.get("/affiliate/commissions", program_id=self.program_id)["data"]

    def _commission(self, partner: Partner) -> dict:
        lines = self.commissions_of(partner)
        check(len(lines), 1, f"commissions of {partner.name}")
        return lines[0]

    def _dashboard(self, partner: Partner) -> dict:
        return partner.api.get("/affiliate/dashboard", program_id=self.program_id)

    def _balances(self, partner: Partner) -> dict:
        return self._dashboard(partner)["balances"]

    def _payout(self, status: str) -> dict | None:
        payouts = self.cleo.api.get("/affiliate/payouts", program_id=self.program_id)["data"]
        check(len(payouts), 1, "payouts of Cleo")
        return payouts[0] if payouts[0]["status"] == status else None

    def _settle(self) -> None:
        """Waits until the stream and the queues have nothing left to do."""
        until("the queues are empty", lambda: not at_work(self.system))

    def _head(self, title: str) -> None:
        self._chapter += 1
        self._tell(f"\n{self._chapter:2}  {title}")

    def _line(self, name: str, text: str) -> None:
        self._tell(f"    {name:<14}{text}" if name else f"    {text}")


def at_work(system: System) -> int:
    """Messages that wait or are being worked on, and marked items that wait for the stream."""
    sqs, table = system.aws("sqs"), system.aws("dynamodb")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    count = 0
    for queue in ("ConversionQueueUrl", "MaturityQueueUrl", "PayoutQueueUrl"):
        attributes = sqs.get_queue_attributes(QueueUrl=system.outputs[queue], AttributeNames=names)["Attributes"]
        count += sum(int(attributes[name]) for name in names)
    marked = {"FilterExpression": "begins_with(GSI2PK, :marker)", "ExpressionAttributeValues": {":marker": {"S": "OUT#"}}}
    return count + table.scan(TableName=system.outputs["TableName"], Select="COUNT", **marked)["Count"]


def next_second() -> None:
    """Stripe counts whole seconds: a payment within the second of its click would come before it."""
    time.sleep(1.1 - time.time() % 1)


def check(actual, wanted, what: str) -> None:
    """Ends the walk at the first thing that is not as it should be."""
    if actual != wanted:
        raise Failure(f"{what}: {actual!r} instead of {wanted!r}", "what the functions said is in .local/*-functions.log")


def usd(amount: str) -> dict:
    """An amount on the wire."""
    return {"amount": amount, "currency": "USD"}
