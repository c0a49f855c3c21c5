"""What the made-up requests are about: one of everything that an operation asks for."""

import json

from client import System, until
from stage import TERMS, Partner, next_second, usd
from story import Story

UNKNOWN_PROGRAM = "prg_C2H04S64V5C780R45HNWVP4XQN"
# Each can be retried or discarded once.
PARKED = 24


def make(system: System) -> dict:
    """A program with partners and a sale, and whatever else has an id or a token."""
    story = Story(system, tell=lambda _: None)
    story.program()
    story.generations()
    story.identities()
    click = story.link()
    link = story.cleo.api.get("/affiliate/links", program_id=story.program_id)["data"][0]
    next_second()
    story.sale(click)
    sold = story.commission(story.cleo)["conversion_id"]
    system.run_schedule("EvaluateMaturityFunction")
    until("the commission matures", lambda: story.commission(story.cleo)["status"] == "approved")
    program = {"program_id": story.program_id}
    # What is disabled or loses its secret is not what the other operations live on.
    other_link = story.cleo.api.create(
        "/affiliate/links/generate", program | {"destination": "https://shop.acme.example/"}
    )
    coupon = program | {"partner_id": story.cleo.id, "code": "SUMMER10"}
    rotated = program | {"provider": "stripe", "signing_secrets": ["whsec_an-endpoint-of-its-own"]}
    applicants = [_applicant(story, name) for name in ("Dora", "Emil")]
    parked = _parked(system)
    return program | {
        "commission_id": _held_commission(story, click),
        "conversion_id": sold,
        "partner_id": story.cleo.id,
        "slug": link["slug"],
        "link_id": other_link["id"],
        "coupon_id": system.admin.create("/admin/coupons", coupon)["id"],
        "endpoint_id": story.webhook.rpartition("/")[2],
        "rotated_endpoint_id": system.admin.create("/admin/webhook-endpoints", rotated)["id"],
        "event_id": story.paid["id"],
        "retried": parked[::2],
        "discarded": parked[1::2],
        "click_id": click,
        "sponsor_code": story.ada.code,
        "signing_secret": story.signing_secret,
        "approve": applicants[0].id,
        "reject": applicants[1].id,
        "admin": system.admin.token,
        "cleo": story.cleo.api.token,
        "dora": applicants[0].api.token,
        "eve": system.partner("eve@example.com").token,
        "merchant": story.merchant.token,
    }


def _held_commission(story: Story, click: str) -> str:
    """A commission that waits for a decision, for Cleo seems to have bought for herself."""
    suspect = {"type": "sale", "external_id": "own", "amount": usd("10.00"), "click_id": click}
    suspect["customer"] = {"id": "own", "email": "cleo@example.com"}
    sold = story.merchant.create("/conversions", suspect, expect=202)["conversion_id"]

    def held():
        return next((line for line in story.commissions_of(story.cleo) if line["conversion_id"] == sold), None)

    return until("the sale is held", held)["id"]


def _applicant(story: Story, name: str) -> Partner:
    """Applies without being approved."""
    partner = Partner(name, story.system.partner(f"{name.lower()}@example.com"))
    wanted = {"program_id": story.program_id, "name": name, "country": "DE", "partner_type": "individual"}
    partner.id = partner.api.create("/affiliate/register", wanted | {"terms": TERMS})["id"]
    return partner


def _parked(system: System) -> list[str]:
    """Ids of messages of the conversion queue that no retry can help."""
    queue = system.outputs["ConversionQueueUrl"]
    for number in range(PARKED):
        fact = {
            "id": f"evt_KW5HRPSXS9TBJQMEZRJSD0{number:04}",
            "program_id": UNKNOWN_PROGRAM,
            "source": "shop",
            "external_id": f"order-{number}",
            "received_at": "2026-11-02T10:00:00Z",
            "fact": {"type": "alias", "alias": "other"},
        }
        system.aws("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(fact))

    def parked():
        return system.admin.get("/admin/parked-messages", queue="conversions", limit="100")["data"]

    until("the messages are parked", lambda: len(parked()) == PARKED)
    return [one["id"] for one in parked()]
