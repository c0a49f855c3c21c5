"""`make demo`: the whole story against a stack of its own, the ledger, and its audit."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import places
from aws import CREDENTIALS, REGION
from client import System
from failure import Failure
from ledger import Ledger
from stack import Stack
from story import Story


def demo() -> None:
    """Starts a stack, walks through it, ends it."""
    # Also into a pipe the story appears as it happens.
    sys.stdout.reconfigure(line_buffering=True)
    places.LOCAL.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="details-", dir=places.LOCAL) as folder:
        with Stack(Path(folder) / "stack.json", label="demo") as stack:
            try:
                tell(stack.details)
            except BaseException:
                stack.save_function_log()
                raise


def tell(details: dict) -> None:
    """The story and the ledger."""
    began = time.monotonic()
    system = System(details)
    story = Story(system)
    story.run()
    ledger = Ledger(system)
    ledger.print({partner.id: partner.name for partner in story.partners})
    payments = system.world.call("GET", "/control/payments", expect=200).json()["data"]
    print("\n    audit")
    for held in ledger.audit(story.commissions(), payments):
        print(f"    ok  {held}")
    for command in ("audit", "rebuild", "replay"):
        print(f"    ok  {command}: {check(system, command)}")
    print(f"\nAll of it over HTTP in {time.monotonic() - began:.0f} s. `make up` leaves such a stack running.")


def check(system: System, command: str) -> str:
    """Runs one of the commands over the table as an operator would; answers its line."""
    table = ["--table", system.outputs["TableName"], "--endpoint-url", system.aws.endpoint]
    credentials = {name.upper(): value for name, value in CREDENTIALS.items()}
    env = os.environ | credentials | {"AWS_REGION": REGION}
    done = subprocess.run([places.binary(command), *table], env=env, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Failure(f"{command} says: {done.stdout.strip()}", "the journal above tells which step did it")
    return done.stdout.strip()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    try:
        demo()
    except Failure as failure:
        print(f"\nerror: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
