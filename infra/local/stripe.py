"""Events as Stripe sends them: the recorded objects, with ids, times and amounts of our own."""

import copy
import hashlib
import hmac
import json
import secrets
import time

from places import ROOT

FIXTURES = ROOT / "shared/providers/fixtures/stripe"


def sign(secret: str, body: bytes, at: int | None = None) -> str:
    """The `Stripe-Signature` header of a body."""
    at = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


class Subscription:
    """A customer's first payment for a subscription, of an amount without tax or discount."""

    def __init__(self, amount: int, click_id: str):
        self._amount = amount
        self._click_id = click_id
        self._paid_at = int(time.time())
        self.customer = _id("cus")
        self.subscription = _id("sub")
        self.invoice = _id("in")
        self.payment_intent = _id("pi")

    def checkout_completed(self) -> dict:
        """The customer has finished Checkout; says which click brought them, and nothing of money."""
        amounts = {"amount_subtotal": self._amount, "amount_total": self._amount}
        details = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
        return self._event(
            "checkout.session.completed.subscription",
            id=_id("cs_test"),
            client_reference_id=self._click_id,
            customer=self.customer,
            subscription=self.subscription,
            invoice=self.invoice,
            total_details=details,
            **amounts,
        )

    def invoice_paid(self, names_click: bool = True) -> dict:
        """The money; names the click where the merchant has put it into the subscription's metadata."""
        names = ("amount_due", "amount_paid", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax")
        event = self._event(
            "invoice.paid",
            id=self.invoice,
            customer=self.customer,
            total_taxes=[],
            status_transitions={
                "finalized_at": self._paid_at,
                "marked_uncollectible_at": None,
                "paid_at": self._paid_at,
                "voided_at": None,
            },
            **dict.fromkeys(names, self._amount),
        )
        invoice = event["data"]["object"]
        metadata = {"trb_click": self._click_id} if names_click else {}
        invoice["parent"]["subscription_details"] = {"metadata": metadata, "subscription": self.subscription}
        line = invoice["lines"]["data"][0]
        line.update(amount=self._amount, subtotal=self._amount, invoice=self.invoice, taxes=[], metadata=metadata)
        return event

    def invoice_payment_paid(self) -> dict:
        """Which payment paid the invoice: the only place that tells, and a refund names the payment."""
        return self._event(
            "invoice_payment.paid",
            id=_id("inpay"),
            invoice=self.invoice,
            amount_paid=self._amount,
            amount_requested=self._amount,
            payment={"type": "payment_intent", "payment_intent": self.payment_intent},
        )

    def refund_created(self, amount: int) -> dict:
        """A part of the money went back."""
        return self._event(
            "refund.created",
            id=_id("re"),
            amount=amount,
            currency="usd",
            customer=self.customer,
            charge=_id("ch"),
            payment_intent=self.payment_intent,
        )

    def _event(self, fixture: str, **changes) -> dict:
        event = copy.deepcopy(json.loads((FIXTURES / f"{fixture}.json").read_text()))
        event.update(id=_id("evt"), created=int(time.time()))
        event["data"]["object"].update(created=event["created"], **changes)
        return event


def _id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"
