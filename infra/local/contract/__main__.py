"""`make contract`: made-up requests against a running stack, every answer held against openapi.yaml.

usage, with TRIBUTARY_STACK naming the stack: python infra/local/contract SCHEMATHESIS [OPTIONS...]
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

# The folder above has the modules of the local stack.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import places
from client import System, until
from failure import Failure
from stage import Partner, check, next_second
from story import Story

HOOKS = Path(__file__).with_name("hooks.py")
SEED = 1
EXAMPLES = 8
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
    with tempfile.TemporaryDirectory(prefix="contract-", dir=places.LOCAL) as folder:
        config = Path(folder) / "schemathesis.toml"
        story = set_stage(System(details))
        config.write_text(configuration(details, story))
        command = [schemathesis, "--config-file", str(config), "run", str(places.ROOT / "openapi.yaml")]
        command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
        command += ["--seed", str(SEED), "--max-examples", str(EXAMPLES), "--workers", "2", *options]
        environment = os.environ | {"CONTRACT_SIGNING_SECRET": story.signing_secret}
        return subprocess.run(command, env=environment, cwd=folder, check=False).returncode


def set_stage(system: System) -> Story:
    """A program with partners, a link that was followed, a sale that earned, and somebody who applies."""
    story = Story(system, tell=lambda _: None)
    story.program()
    story.generations()
    story.identities()
    click = story.link()
    next_second()
    story.sale(click)
    story.click = click
    story.dora = Partner("Dora", system.partner("dora@example.com"))
    story.apply(story.dora, story.ada)
    return story


def configuration(details: dict, story: Story) -> str:
    """Where the stack is, who calls what, and ids that exist there."""
    link = story.cleo.api.get("/affiliate/links", program_id=story.program_id)["data"][0]
    known = {
        "program_id": [story.program_id],
        "partner_id": [story.dora.id, story.cleo.id],
        "commission_id": [story.commission(story.cleo)["id"]],
        "slug": [link["slug"]],
        "provider": ["stripe"],
        "endpoint_id": [story.webhook.rpartition("/")[2]],
        "click_id": [story.click],
        "sponsor_code": [story.ada.code],
        "currency": ["USD"],
        "destination": [link["destination"]],
    }
    # What a request's body names is drawn by the same name, wherever it stands.
    places_of = {name: [f"path.{name}"] for name in ("partner_id", "commission_id", "slug", "provider", "endpoint_id")}
    places_of["program_id"] = ["path.program_id", "query.program_id", "body.program_id"]
    places_of |= {name: [f"body.{name}"] for name in ("click_id", "sponsor_code", "destination")}
    places_of["currency"] = ["body.currency", "body.amount.currency", "body.payout.minimum.currency"]
    settings = {
        "base-url": details["api_url"],
        "hooks": str(HOOKS),
        "max-redirects": 0,
        "continue-on-failure": True,
        "warnings": False,
        "dictionaries": {name: {"values": values} for name, values in known.items()},
        "parameters": {
            place: {"dictionary": name, "probability": KNOWN} for name, all_places in places_of.items() for place in all_places
        },
        # 413 is a refusal too.
        "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
    }
    lines = [f"{key} = {toml(value)}" for key, value in settings.items()]
    for token, chosen in (
        (details["admin_token"], "^/admin/"),
        (story.cleo.api.token, "^/affiliate/"),
        (story.merchant.token, "^/conversions"),
    ):
        lines += ["[[operations]]", f"include-path-regex = {toml(chosen)}"]
        lines += [f"headers = {toml({'Authorization': f'Bearer {token}'})}"]
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
