"""The stack under test, one program with three partners for every case, and what cases have in common."""

import json
import os
import time
import uuid
from pathlib import Path

import places
from client import Answer, System, until
from failure import Failure
from stage import PLAN, Partner, usd
from story import Story

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
PROBLEM = "application/problem+json"


def _stack() -> System:
    file = os.environ.get(places.STACK_VARIABLE)
    if not file:
        raise Failure("there is no stack to test", "run `make test`")
    return System(json.loads(Path(file).read_text()))


def _story() -> Story:
    made = Story(system, tell=lambda _: None)
    made.program()
    made.generations()
    made.identities()
    # With this the upline is read before it earns.
    plan = {"plan": PLAN | {"inactive_upline": "drop"}}
    system.admin.create(f"/admin/programs/{made.program_id}/plans", plan)
    return made


system = _stack()
story = _story()


def new_link(partner: Partner | None = None) -> dict:
    """A link, of Cleo's unless said otherwise."""
    wanted = {"program_id": story.program_id, "destination": "https://shop.acme.example/"}
    return (partner or story.cleo).api.create("/affiliate/links/generate", wanted)


def follow(slug: str, user_agent: str) -> Answer:
    """What a visitor is answered."""
    return system.api.call("GET", f"/r/{slug}", User_Agent=user_agent)


def sell(partner: Partner, amount: str, **customer: str) -> str:
    """Reports a sale to somebody who came by a partner's link; answers the conversion's id."""
    click = follow(new_link(partner)["slug"], BROWSER).headers["location"].partition("trb_click=")[2]
    order = uuid.uuid4().hex
    sale = {
        "type": "sale",
        "external_id": order,
        "amount": usd(amount),
        "customer": {"id": order, **customer},
        "click_id": click,
    }
    return story.merchant.create("/conversions", sale, expect=202)["conversion_id"]


def commission_of(partner: Partner, conversion: str) -> dict | None:
    """What a partner earns by a conversion."""
    return next((line for line in story.commissions_of(partner) if line["conversion_id"] == conversion), None)


def mature(partner: Partner, conversion: str) -> None:
    """Waits for a commission, and has it mature."""
    until("the sale is calculated", lambda: commission_of(partner, conversion))
    system.run_schedule("EvaluateMaturityFunction")
    until("the commission matures", lambda: commission_of(partner, conversion)["status"] == "approved")


def items(partition: str) -> list[dict]:
    """The items of a partition."""
    values = {":pk": {"S": partition}}
    table = system.outputs["TableName"]
    return system.aws("dynamodb").query(
        TableName=table, KeyConditionExpression="PK = :pk", ExpressionAttributeValues=values
    )["Items"]


def age(chosen) -> None:
    """Has what is on a work list have been there for an hour."""
    table = system.outputs["TableName"]
    for item in system.aws("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]:
        if chosen(item):
            hour_ago = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 3600))
            since, separator, rest = item["GSI2SK"]["S"].partition("#")
            system.aws("dynamodb").update_item(
                TableName=table,
                Key={"PK": item["PK"], "SK": item["SK"]},
                UpdateExpression="SET GSI2SK = :then",
                ExpressionAttributeValues={":then": {"S": hour_ago + separator + rest}},
            )


def waiting(queue: str) -> int:
    """Messages in a queue."""
    name = "ApproximateNumberOfMessages"
    return int(
        system.aws("sqs").get_queue_attributes(QueueUrl=system.outputs[queue], AttributeNames=[name])["Attributes"][
            name
        ]
    )


def send_payout(payout: str) -> None:
    """Has a payout worked on now."""
    system.aws("sqs").send_message(
        QueueUrl=system.outputs["PayoutQueueUrl"],
        MessageBody=json.dumps({"payout_id": payout}),
        MessageGroupId=payout,
        MessageDeduplicationId=uuid.uuid4().hex,
    )
