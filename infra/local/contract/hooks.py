"""What Schemathesis does not know by itself: how a webhook is signed."""

import os
import sys
from pathlib import Path

import schemathesis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import stripe

SECRET = os.environ["CONTRACT_SIGNING_SECRET"]


def _sign(request):
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    request.headers["Stripe-Signature"] = stripe.sign(SECRET, body)
    return request


@schemathesis.hook
def before_call(context, case, kwargs):
    """Signs two webhooks of three, over the bytes as they are sent."""
    if case.operation.definition.raw.get("operationId") == "receiveWebhook" and hash(str(case.body)) % 3:
        kwargs["auth"] = _sign
