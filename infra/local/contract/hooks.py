"""What Schemathesis does not know by itself: a key for each request, and how a webhook is signed."""

import itertools
import os
import sys
from pathlib import Path

import schemathesis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import stripe

SECRET = os.environ["CONTRACT_SIGNING_SECRET"]
EXAMPLE_SLUG = "spring-sale"
requests = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes good requests better; what was broken on purpose stays as it is."""
    if not case.meta.generation.mode.is_positive:
        return
    number = next(requests)
    if "Idempotency-Key" in case.headers:
        # The key of the contract's example would meet another body each time.
        case.headers["Idempotency-Key"] = f"contract-{number}"
    if isinstance(case.body, dict) and case.body.get("slug") == EXAMPLE_SLUG:
        # A slug can be had once.
        case.body["slug"] = f"contract-{number}"
    if case.query and "cursor" in case.query:
        # Cursors are sealed: none can be made up.
        del case.query["cursor"]
    if case.operation.label.startswith("POST /webhooks/") and number % 3:
        kwargs["auth"] = _sign


def _sign(request):
    # Over the bytes as they are sent.
    body = request.body or b""
    request.headers["Stripe-Signature"] = stripe.sign(SECRET, body.encode() if isinstance(body, str) else body)
    return request
