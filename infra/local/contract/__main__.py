"""`make contract`: made-up requests against a running stack, every answer held against openapi.yaml.

usage, with TRIBUTARY_STACK naming the stack: python infra/local/contract SCHEMATHESIS [OPTIONS...]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# The folder above has the modules of the local stack.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import places
from client import System, until
from failure import Failure
from stage import TERMS, Partner, next_second, usd
from story import Story

HOOKS = Path(__file__).with_name("hooks.py")
SEED = 1
EXAMPLES = 8
WORKERS = 2
# Ids that exist are drawn this often; otherwise every request would end at 404.
KNOWN = 0.8
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
)


def run(schemathesis: str, options: list[str]) -> int:
    """Sets the stage, then lets Schemathesis loose on it."""
    details = json.loads(Path(os.environ[places.STACK_VARIABLE]).read_text())
    stage = set_stage(System(details))
    with tempfile.TemporaryDirectory(prefix="contract-", dir=places.LOCAL) as folder:
        config, contract = Path(folder) / "schemathesis.toml", Path(folder) / "openapi.yaml"
        config.write_text(configuration(details["api_url"], stage))
        contract.write_text(with_real_ids((places.ROOT / "openapi.yaml").read_text(), stage))
        command = [schemathesis, "--config-file", str(config), "run", str(contract), "--checks", ",".join(CHECKS)]
        command += ["--phases", "examples,coverage,fuzzing", "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
        command += ["--workers", str(WORKERS), *options]
        # Hypothesis keeps what failed in the working folder: it would be tried first next time, whatever the seed.
        environment = os.environ | {"CONTRACT_SIGNING_SECRET": stage["signing_secret"], "PYTHONHASHSEED": "0"}
        return subprocess.run(command, env=environment, cwd=folder, check=False).returncode


def set_stage(system: System) -> dict:
    """A program with partners and a sale, and one of everything that an operation asks for."""
    story = Story(system, tell=lambda _: None)
    story.program()
    story.generations()
    story.identities()
    click = story.link()
    next_second()
    story.sale(click)
    system.run_schedule("EvaluateMaturityFunction")
    until("the commission matures", lambda: story.commission(story.cleo)["status"] == "approved")
    suspect = {"type": "sale", "external_id": "own", "amount": usd("10.00"), "click_id": click}
    suspect["customer"] = {"id": "own", "email": "cleo@example.com"}
    sold = story.merchant.create("/conversions", suspect, expect=202)["conversion_id"]

    def held():
        return next((line for line in story.commissions_of(story.cleo) if line["conversion_id"] == sold), None)

    suspicious = until("the sale is held", held)
    link = story.cleo.api.get("/affiliate/links", program_id=story.program_id)["data"][0]
    applicants = []
    for name in ("Dora", "Emil"):
        applicants.append(Partner(name, system.partner(f"{name.lower()}@example.com")))
        apply(story, applicants[-1])
    return {
        "program_id": story.program_id,
        "commission_id": suspicious["id"],
        "slug": link["slug"],
        "endpoint_id": story.webhook.rpartition("/")[2],
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


def apply(story: Story, partner: Partner) -> None:
    """Applies without being approved."""
    wanted = {"program_id": story.program_id, "name": partner.name, "country": "DE", "partner_type": "individual"}
    partner.id = partner.api.create("/affiliate/register", wanted | {"terms": TERMS})["id"]


def with_real_ids(contract: str, stage: dict) -> str:
    """The contract, its examples naming what exists: they and what is made from them get past 404."""
    for pattern, real in (
        ("prg_[0-9A-Z]{26}", stage["program_id"]),
        ("com_[0-9A-Z]{26}_[0-9]{2}", stage["commission_id"]),
        ("clk_[0-9A-Z]{68}", stage["click_id"]),
        ("whe_[0-9A-Z]{26}", stage["endpoint_id"]),
        ("(?<=sponsor_code: )[0-9A-Z]{26}", stage["sponsor_code"]),
        ("(?<=sha256: )[0-9a-f]{64}", TERMS["sha256"]),
        ("(?<=version: )'2026-01'", f"'{TERMS['version']}'"),
        ("(?<=example: )spring-sale", stage["slug"]),
        ("(?<=, amount: {amount: )'60.00'", "'20.00'"),
    ):
        contract = re.sub(pattern, real, contract)
    return contract


def configuration(url: str, stage: dict) -> str:
    """Where the stack is, who calls what, and which ids exist."""
    known = {
        "path.program_id": stage["program_id"],
        "query.program_id": stage["program_id"],
        "body.program_id": stage["program_id"],
        "path.commission_id": stage["commission_id"],
        "path.slug": stage["slug"],
        "path.provider": "stripe",
        "path.endpoint_id": stage["endpoint_id"],
        "body.click_id": stage["click_id"],
        "body.sponsor_code": stage["sponsor_code"],
        "body.currency": "USD",
        "body.amount.currency": "USD",
        "body.payout.minimum.currency": "USD",
        "body.destination": "https://shop.acme.example/boots",
    }
    settings = {
        "base-url": url,
        "hooks": str(HOOKS),
        "max-redirects": 0,
        "continue-on-failure": True,
        "warnings": False,
        "dictionaries": {place: {"values": [real]} for place, real in known.items()},
        "parameters": {place: {"dictionary": place, "probability": KNOWN} for place in known},
        # 413 is a refusal too.
        "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
    }
    lines = [f"{name} = {toml(value)}" for name, value in settings.items()]
    for path, caller, partner in (
        ("^/admin/(?!.*(approve|reject))", "admin", None),
        ("/approve$", "admin", "approve"),
        ("/reject$", "admin", "reject"),
        ("^/affiliate/(?!register|identity)", "cleo", None),
        ("^/affiliate/identity", "dora", None),
        ("^/affiliate/register", "eve", None),
        ("^/conversions", "merchant", None),
    ):
        lines += ["[[operations]]", f"include-path-regex = {toml(path)}"]
        lines += [f"headers = {toml({'Authorization': f'Bearer {stage[caller]}'})}"]
        if partner:
            lines += [f"parameters = {toml({'path.partner_id': stage[partner]})}"]
    return "\n".join(lines) + "\n"


def toml(value) -> str:
    """A value as TOML, inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return json.dumps(value)


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1], sys.argv[2:]))
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
