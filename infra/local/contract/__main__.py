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
import subjects
from client import System
from failure import Failure
from stage import TERMS

HOOKS = Path(__file__).with_name("hooks.py")
SEED = 1
EXAMPLES = 8
# One after the other: what a request meets depends on those before it.
WORKERS = 1
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
    """Makes what the requests are about, then lets Schemathesis loose on it."""
    details = json.loads(Path(os.environ[places.STACK_VARIABLE]).read_text())
    made = subjects.make(System(details))
    with tempfile.TemporaryDirectory(prefix="contract-", dir=places.LOCAL) as folder:
        config, contract, answers = (Path(folder) / name for name in ("config.toml", "openapi.yaml", "answers.json"))
        config.write_text(configuration(details["api_url"], made))
        contract.write_text(with_real_ids((places.ROOT / "openapi.yaml").read_text(), made))
        command = [schemathesis, "--config-file", str(config), "run", str(contract), "--checks", ",".join(CHECKS)]
        command += ["--phases", "examples,coverage,fuzzing", "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
        command += ["--workers", str(WORKERS), *options]
        environment = os.environ | {
            "CONTRACT_SIGNING_SECRET": made["signing_secret"],
            "CONTRACT_ANSWERS": str(answers),
            "PYTHONHASHSEED": "0",
        }
        # Hypothesis keeps what failed in the working folder: it would be tried first next time, whatever the seed.
        status = subprocess.run(command, env=environment, cwd=folder, check=False).returncode
        # Options may leave operations out.
        return status if options else max(status, reached(json.loads(answers.read_text())))


def reached(answers: dict) -> int:
    """Has every operation succeeded at least once? One that is refused all the time is not tested."""
    operations, path = [], ""
    for line in (places.ROOT / "openapi.yaml").read_text().splitlines():
        if found := re.fullmatch(r"  (/\S+):", line):
            path = found[1]
        elif found := re.fullmatch(r"    (get|put|post|patch|delete):", line):
            operations.append(f"{found[1].upper()} {path}")
    refused = {one: answers.get(one, {}) for one in operations if not any(s < "4" for s in answers.get(one, {}))}
    for operation, statuses in refused.items():
        print(f"error: {operation} never succeeded: {statuses or 'it was not called'}", file=sys.stderr)
    count = sum(sum(statuses.values()) for statuses in answers.values())
    print(f"{count} answers of {len(operations)} operations; {len(operations) - len(refused)} succeeded at least once")
    return 1 if refused else 0


def with_real_ids(contract: str, made: dict) -> str:
    """The contract, its examples naming what exists: they and what is made from them get past 404."""
    for pattern, real in (
        ("prg_[0-9A-Z]{26}", made["program_id"]),
        ("com_[0-9A-Z]{26}_[0-9]{2}", made["commission_id"]),
        ("cnv_[0-9A-Z]{26}", made["conversion_id"]),
        ("ptr_EAR4TF915T49FS3DCGG0RA7JC8", made["partner_id"]),
        ("lnk_[0-9A-Z]{26}", made["link_id"]),
        ("cpn_[0-9A-Z]{26}", made["coupon_id"]),
        ("clk_[0-9A-Z]{68}", made["click_id"]),
        ("whe_[0-9A-Z]{26}", made["endpoint_id"]),
        ("evt_1SExample", made["event_id"]),
        ("prk_[0-9A-Z]{26}", made["retried"][0]),
        ("(?<=sponsor_code: )[0-9A-Z]{26}", made["sponsor_code"]),
        ("(?<=sha256: )[0-9a-f]{64}", TERMS["sha256"]),
        ("(?<=version: )'2026-01'", f"'{TERMS['version']}'"),
        ("(?<=example: )spring-sale", made["slug"]),
        ("(?<=, amount: {amount: )'60.00'", "'20.00'"),
    ):
        contract = re.sub(pattern, real, contract)
    return contract


def configuration(url: str, made: dict) -> str:
    """Where the stack is, who calls what, and which ids exist."""
    known = {
        "path.slug": made["slug"],
        "path.provider": "stripe",
        "path.queue": "conversions",
        "query.queue": "conversions",
        "body.click_id": made["click_id"],
        "body.sponsor_code": made["sponsor_code"],
        "body.currency": "USD",
        "body.amount.currency": "USD",
        "body.payout.minimum.currency": "USD",
        "body.destination": "https://shop.acme.example/boots",
    }
    ids = ("program_id", "partner_id", "commission_id", "conversion_id", "link_id", "coupon_id", "endpoint_id", "event_id")
    known |= {f"{place}.{name}": made[name] for name in ids for place in ("path", "query", "body")}
    drawn = {place: {"dictionary": place, "probability": KNOWN} for place in known}
    dictionaries = {place: [real] for place, real in known.items()}
    # Each of these serves once.
    dictionaries |= {name: made[name] for name in ("retried", "discarded")}
    settings = {
        "base-url": url,
        "hooks": str(HOOKS),
        "max-redirects": 0,
        "continue-on-failure": True,
        "warnings": False,
        "dictionaries": {name: {"values": values} for name, values in dictionaries.items()},
        "parameters": drawn,
        # Which methods a path has is the gateway's to say, and here that is the emulator.
        "phases": {"coverage": {"unexpected-methods": []}},
        # 413 is a refusal too.
        "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
    }
    lines = [f"{name} = {toml(value)}" for name, value in settings.items()]
    for path, caller, parameters in (
        ("^/admin/(?!.*(approve|reject|retry|discard|/secrets))", "admin", {}),
        ("/approve$", "admin", {"path.partner_id": made["approve"]}),
        ("/reject$", "admin", {"path.partner_id": made["reject"]}),
        ("/retry$", "admin", {"path.message_id": {"dictionary": "retried", "probability": KNOWN}}),
        ("/discard$", "admin", {"path.message_id": {"dictionary": "discarded", "probability": KNOWN}}),
        ("/secrets$", "admin", {"path.endpoint_id": made["rotated_endpoint_id"]}),
        ("^/affiliate/(?!register|identity)", "cleo", {}),
        ("^/affiliate/identity", "dora", {}),
        ("^/affiliate/register", "eve", {}),
        ("^/conversions", "merchant", {}),
    ):
        lines += ["[[operations]]", f"include-path-regex = {toml(path)}"]
        lines += [f"headers = {toml({'Authorization': f'Bearer {made[caller]}'})}"]
        if parameters:
            # They stand instead of those of all operations.
            lines += [f"parameters = {toml(drawn | parameters)}"]
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
