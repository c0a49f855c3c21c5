"""The main job, walked through the public API: three generations of partners, a sale, refunds, a payout."""

import secrets
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from client import decimal, money, until
from stage import PLAN, TERMS, Stage, check, next_second, usd
from stripe import Subscription

REPEATS = 10


class Story(Stage):
    """Walks, checks and tells, chapter by chapter; the first thing that is not as it should be ends it."""

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
        self.head("A program")
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
        self.line(
            "program", f"{program['name']}, {program['currency']}, payouts from {money(program['payout']['minimum'])}"
        )
        plan = self.admin.create(f"/admin/programs/{self.program_id}/plans", {"plan": PLAN})
        self.line("plan 1", "20 % of a sale to who sold, 5 % and 2 % to the two sponsors above, no holding period")
        check(plan["version"], 1, "version of the plan")
        self.signing_secret = f"whsec_{secrets.token_hex(16)}"
        endpoint = {"program_id": self.program_id, "provider": "stripe", "signing_secrets": [self.signing_secret]}
        made = self.admin.create("/admin/webhook-endpoints", endpoint)
        self.webhook = f"/webhooks/stripe/{made['id']}"
        check(made["url"], self.admin.url + self.webhook, "address of the webhook endpoint")
        key = {"program_id": self.program_id, "name": "checkout", "scopes": ["conversions:write"]}
        self.merchant = self.system.api.as_caller(self.admin.create("/admin/api-keys", key)["token"])
        self.line("merchant", "an address for Stripe's webhooks, and an API key")

    def generations(self) -> None:
        """Each recruits the next."""
        self.head("Three generations of partners")
        sponsor = None
        for partner in self.partners:
            self.join(partner, sponsor)
            self.line(partner.name, f"{partner.id}, recruited by {sponsor.name if sponsor else 'nobody'}, approved")
            sponsor = partner

    def identities(self) -> None:
        """Who wants to be paid proves who they are and says where to."""
        self.head("Identity and payout method")
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
            self.line(
                partner.name, f"identity verified by signed webhook, paid by {method['provider']} ({method['hint']})"
            )

    def link(self) -> str:
        """A tracking link, followed."""
        self.head("A link, followed")
        wanted = {
            "program_id": self.program_id,
            "destination": "https://shop.acme.example/boots?color=red",
            "campaign": "spring",
            "utm": {"source": "cleo", "medium": "newsletter"},
            "slug": f"cleo-spring-{secrets.token_hex(2)}",
        }
        link = self.cleo.api.create("/affiliate/links/generate", wanted)
        path = link["url"].removeprefix(self.admin.url)
        followed = self.system.api.call(
            "GET", path, expect=302, User_Agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
        )
        target = urllib.parse.urlsplit(followed.headers["location"])
        query = dict(urllib.parse.parse_qsl(target.query))
        click = query.pop("trb_click")
        wanted_query = {"color": "red", "utm_source": "cleo", "utm_medium": "newsletter"}
        check(query, wanted_query, "query of the destination")
        self.line("link", link["url"].removeprefix(self.admin.url) + ", campaign spring")
        self.line("followed", f"302 to {target.netloc}{target.path}?color=red&utm_source=cleo&…")
        self.line("click", f"{click[:14]}…, signed: proves itself to whoever reports the sale")
        return click

    def sale(self, click: str) -> None:
        """What Stripe tells of a first payment, and what it earns."""
        self.head("A sale of 100.00 USD, told by Stripe")
        next_second()
        self.stripe = Subscription(10000, click)
        self.paid = self.stripe.invoice_paid()
        events = (self.stripe.checkout_completed(), self.paid, self.stripe.invoice_payment_paid())
        for event in events:
            self.deliver(event)
        self.line("webhooks", ", ".join(event["type"] for event in events))
        self.await_commissions("20.00", "5.00", "2.00")

    def repeats(self) -> None:
        """The same fact again, by every door."""
        self.head("The same sale again, by every door")
        with ThreadPoolExecutor(REPEATS) as pool:
            list(pool.map(self.deliver, [self.paid] * REPEATS))
        self.line("webhook", f"the same event {REPEATS} times at once: 200 each time")
        again = {**self.paid, "id": "evt_resent_under_another_id"}
        self.deliver(again)
        self.line("webhook", "the same invoice in an event of another id: 200")
        sale = {
            "type": "sale",
            "source": "stripe",
            "external_id": self.stripe.invoice,
            "amount": usd("100.00"),
            "customer": {"id": self.stripe.customer},
        }
        told = self.merchant.create("/conversions", sale, expect=202)
        self.line("API key", f"POST /conversions: 202, {told['conversion_id']}")
        self.settle()
        lines = self.await_commissions("20.00", "5.00", "2.00", say=False)
        check({line["conversion_id"] for line in lines}, {told["conversion_id"]}, "conversions behind the commissions")
        self.line("outcome", "one conversion, three commissions, not a cent more")

    def refund(self) -> None:
        """A partial refund reaches every level."""
        self.head("A refund of 40.00 USD, told by Stripe")
        self.deliver(self.stripe.refund_created(4000))
        self.await_commissions("12.00", "3.00", "1.20")

    def explain(self) -> None:
        """Why each cent."""
        self.head("Why Cleo's commission is what it is")
        commission = self.commission(self.cleo)
        for sentence in self.cleo.api.get(f"/affiliate/commissions/{commission['id']}/explain")["sentences"]:
            self.line("", sentence)
        foreign = self.ada.api.call("GET", f"/affiliate/commissions/{commission['id']}/explain")
        check(foreign.status, 404, "answer to Ada, whose commission it is not")

    def maturity(self) -> None:
        """What is due becomes payable."""
        self.head("Maturity")
        self.system.run_schedule("EvaluateMaturityFunction")
        for partner in self.partners:
            until(f"{partner.name}'s commission matures", lambda p=partner: self.commission(p)["status"] == "approved")
        self.line("available", ", ".join(f"{p.name} {self.balances(p)['available']['amount']}" for p in self.partners))
        check(
            [self.balances(p)["available"]["amount"] for p in self.partners],
            ["1.20", "3.00", "12.00"],
            "available balances",
        )

    def payout(self) -> None:
        """Money leaves, once."""
        self.head("Payouts")
        refused = self.ada.api.call(
            "POST", "/affiliate/payout/request", {"program_id": self.program_id}, expect=409, Idempotency_Key="ada-1"
        )
        self.line("Ada", f"409 {refused.json()['code']}: {refused.json()['blockers'][0]['detail']}")
        request = {"program_id": self.program_id}
        first = self.cleo.api.call("POST", "/affiliate/payout/request", request, expect=201, Idempotency_Key="cleo-1")
        again = self.cleo.api.call("POST", "/affiliate/payout/request", request, expect=201, Idempotency_Key="cleo-1")
        check(again.text, first.text, "answer to the repeated request")
        check(again.headers.get("idempotent-replayed"), "true", "Idempotent-Replayed of the repeated request")
        asked = first.json()
        self.line("Cleo", f"201 {asked['id']}, {money(asked['amount'])}; the same request again: the same answer")
        paid = until("the payout is paid", lambda: self.payout_that_is("paid"))
        received = self.system.world.call("GET", "/control/payments", expect=200).json()["data"]
        check(len(received), 1, "payments that the payment world received")
        payment = received[0]
        check(
            (payment["destination"], payment["amount"], payment["applied"]),
            ("acct_1CleoExample", 1200, 1),
            "the payment",
        )
        amount = f"{decimal(payment['amount'])} {payment['currency']}"
        self.line("Stripe", f"received {payment['id']}: {amount} to {payment['destination']}")
        check(paid["provider_id"], payment["id"], "the provider's id of the payout")
        line = until("the commission is paid", lambda: (c := self.commission(self.cleo))["status"] == "paid" and c)
        check(line["payout_id"], asked["id"], "payout of the commission")
        self.line("commission", f"paid, payout date {line['payout_date'][:10]}")

    def refund_after_payout(self) -> None:
        """What was paid for a sale that did not last is owed back."""
        self.head("Another refund of 10.00 USD, after the payout, told with the API key")
        refund = {
            "type": "refund",
            "source": "stripe",
            "external_id": self.stripe.payment_intent,
            "refund_id": "re_by_api",
            "amount": usd("10.00"),
        }
        self.merchant.create("/conversions", refund, expect=202)
        self.await_commissions("10.00", "2.50", "1.00")
        eligibility = self.cleo.api.get("/affiliate/payout/eligibility", program_id=self.program_id)
        check(eligibility["debt"]["amount"], "2.00", "debt of Cleo")
        self.line(
            "Cleo", f"debt {money(eligibility['debt'])}: {', '.join(one['code'] for one in eligibility['blockers'])}"
        )

    def figures(self) -> None:
        """What partners see."""
        self.head("Cleo's dashboard, Ada's tree")
        self.settle()
        wanted = {"sales": 1, "revenue": usd("50.00"), "earnings": usd("10.00")}
        until(
            "the dashboard has caught up",
            lambda: {name: self.dashboard(self.cleo)["totals"][name] for name in wanted} == wanted,
        )
        board = self.dashboard(self.cleo)
        totals, balances = board["totals"], board["balances"]
        counts = f"{totals['clicks']} click, {totals['sales']} sale"
        self.line("totals", f"{counts}, revenue {money(totals['revenue'])}, earned {money(totals['earnings'])}")
        self.line("balances", ", ".join(f"{name} {amount['amount']}" for name, amount in balances.items()))
        self.line("campaigns", ", ".join(f"{one['campaign']} {money(one['earnings'])}" for one in board["by_campaign"]))
        tree = self.ada.api.get("/affiliate/referrals", program_id=self.program_id, depth="2")
        check(
            [(one["partner_id"], one["depth"]) for one in tree["data"]],
            [(self.ben.id, 1), (self.cleo.id, 2)],
            "Ada's tree",
        )
        for one in tree["data"]:
            name = next(partner.name for partner in self.partners if partner.id == one["partner_id"])
            self.line(f"{'  ' * (one['depth'] - 1)}└ {name}", f"generation {one['depth']}, {one['status']}")
        levels = [(one["level"], one["earnings"]["amount"]) for one in tree["earnings_by_level"]]
        check(levels, [(3, "1.00")], "Ada's earnings by level")
        self.line("Ada earned", ", ".join(f"{amount} USD on level {level}" for level, amount in levels))
