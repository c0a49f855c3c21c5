"""The ledger as it stands in the table: printed, and held against what only the outside knows."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from boto3.dynamodb.types import TypeDeserializer
from client import System, decimal
from failure import Failure


@dataclass
class Booking:
    """A journal transaction."""

    kind: str
    at: str
    postings: list[tuple[str, int]]

    def on(self, account: str) -> int:
        """What it posts on an account."""
        return sum(minor for posted, minor in self.postings if posted == account)


class Ledger:
    """The journal, and what it is about."""

    def __init__(self, system: System):
        self._system = system
        self._by_entity = defaultdict(list)
        for item in _scan(system):
            self._by_entity[item.get("entity")].append(item)
        journal = [_booking(item) for item in self._by_entity["journal"]]
        self.journal = sorted(journal, key=lambda booking: booking.at)

    def balances(self) -> Counter:
        """What the postings of each account sum to."""
        sums = Counter()
        for booking in self.journal:
            for account, minor in booking.postings:
                sums[account] += minor
        return sums

    def print(self, names: dict[str, str], tell=print) -> None:
        """The journal in columns."""
        sums = self.balances()
        accounts = _columns(sums, names)
        titles = [_title(account, names) for account in accounts]
        tell("\n    The journal: debits are positive, credits negative")
        tell(_row("", [kind for kind, _ in titles]))
        tell(_row("", [owner for _, owner in titles]))
        for booking in self.journal:
            tell(_row(booking.kind, [_amount(booking.on(account)) for account in accounts]))
        tell(_row("balance", [_amount(sums[account]) or "0.00" for account in accounts]))

    def audit(self, commissions: list[dict], payments: list[dict]) -> list[str]:
        """Checks what no command over the table can see: the API, the providers, the queues."""
        return [
            self._expenses_equal_commissions(commissions),
            self._payments_equal_payouts(payments),
            self._nothing_is_left_over(),
        ]

    def _expenses_equal_commissions(self, commissions: list[dict]) -> str:
        expense = self.balances()["expense"]
        listed = sum(_minor(line["amount"]) for line in commissions)
        hold(expense == listed, f"expenses are {expense}, the commissions that the API lists {listed}")
        hold(len(commissions) == len(self._by_entity["commission"]), "the API does not list every commission")
        return f"expenses of {_amount(expense)} equal the {len(commissions)} commissions that the API lists"

    def _payments_equal_payouts(self, payments: list[dict]) -> str:
        for payment in payments:
            hold(payment["applied"] == 1, f"{payment['reference']} was paid {payment['applied']} times")
        paid = sum(payment["amount"] for payment in payments)
        cash = -sum(minor for account, minor in self.balances().items() if account.startswith("cash:"))
        hold(paid == cash, f"the providers paid {paid}, the ledger says {cash}")
        return f"{_amount(paid)} left the house in {len(payments)} payment, once for each payout"

    def _nothing_is_left_over(self) -> str:
        parked = self._by_entity["parked"]
        hold(not parked, f"{len(parked)} messages are parked: {[item.get('reason') for item in parked]}")
        sqs = self._system.aws("sqs")
        for name, url in self._system.outputs.items():
            if name.endswith("DlqUrl"):
                names = ["ApproximateNumberOfMessages"]
                count = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]]
                hold(int(count) == 0, f"{count} messages are in {name}")
        marked = sum(item.get("GSI2PK", "").startswith("OUT#") for items in self._by_entity.values() for item in items)
        hold(marked == 0, f"{marked} items still wait to be published")
        return "no dead letter, nothing parked, nothing unpublished"


def hold(holds: bool, breach: str) -> None:
    """Ends the audit at the first breach."""
    if not holds:
        raise Failure(f"the audit found a breach: {breach}", "the journal above tells which step did it")


def _scan(system: System):
    read = TypeDeserializer().deserialize
    pages = (
        system.aws("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=system.outputs["TableName"], ConsistentRead=True)
    )
    for page in pages:
        for item in page["Items"]:
            yield {name: read(value) for name, value in item.items()}


def _booking(item: dict) -> Booking:
    return Booking(item["kind"], item["at"], [(posting["a"], int(posting["m"])) for posting in item["post"]])


def _columns(sums: Counter, names: dict[str, str]) -> list[str]:
    order = ("expense", "pending", "available", "transit", "held", "cash")
    people = list(names)

    def place(account: str):
        kind, _, owner = account.partition(":")
        return order.index(kind), people.index(owner) if owner in people else 0

    return sorted(sums, key=place)


def _title(account: str, names: dict[str, str]) -> tuple[str, str]:
    kind, _, owner = account.partition(":")
    return kind, names.get(owner, owner)


def _row(name: str, cells: list[str]) -> str:
    return (f"    {name:<15}" + "".join(f"{cell:>10}" for cell in cells)).rstrip()


def _amount(minor: int) -> str:
    return decimal(minor) if minor else ""


def _minor(amount: dict) -> int:
    whole, _, cents = amount["amount"].partition(".")
    return int(whole + cents)
