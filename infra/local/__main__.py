"""Runs the system on this machine.

usage: python infra/local up                      start, and stay until Ctrl-C or `down`
       python infra/local down                    end the stack that `up` runs
       python infra/local run -- COMMAND...       start, run COMMAND against it, end
       python infra/local token EMAIL [--admin]   print an ID token for the stack that `up` runs
"""

import contextlib
import fcntl
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from botocore.exceptions import EndpointConnectionError

import places
from failure import Failure
from stack import Stack, users

LOCK = places.LOCAL / "stack.lock"
# The API's address has a dollar sign in it.
HOW_TO_CALL = """
The stack is up. In another terminal, as an administrator (without --admin: as a partner):

    API='{api}'
    TOKEN=$(.local/emulator/bin/python infra/local token admin@example.com --admin)
    curl -sS "$API/admin/programs" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
         -H 'Idempotency-Key: first' -d '{{"name": "Acme Partners", "currency": "USD",
         "terms": {{"version": "1", "url": "https://acme.example/terms",
                   "sha256": "51d2361f4faea3bc8f9facdbc7d99abb555596a2e51f7b25fd3b41c93587e616"}},
         "payout": {{"minimum": {{"amount": "50.00", "currency": "USD"}}}}, "link_hosts": ["shop.acme.example"]}}'

Every operation is in openapi.yaml with an example; queues, table and logs are named in {details}.
Ctrl-C or `make down` ends it."""
NOT_RUNNING = Failure("no stack is running", "start one with `make up`")


def up() -> int:
    """Starts the stack and stays."""
    places.LOCAL.mkdir(exist_ok=True)
    with LOCK.open("a+") as lock:
        if not _take(lock):
            raise Failure("a stack is already running", f"use it ({places.DETAILS}), or end it with `make down`")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        with Stack() as stack:
            print(
                HOW_TO_CALL.format(api=stack.details["api_url"], details=places.DETAILS.relative_to(places.ROOT)),
                flush=True,
            )
            # However it is asked to end from here on, it has done its work.
            with contextlib.suppress(KeyboardInterrupt, SystemExit):
                signal.pause()
    return 0


def down() -> int:
    """Ends the stack that `up` runs."""
    places.LOCAL.mkdir(exist_ok=True)
    with LOCK.open("a+") as lock:
        # Whoever holds the lock is the process whose id stands in it: no stranger is ever signalled.
        if _take(lock):
            print("no stack is running")
            return 0
        lock.seek(0)
        os.kill(int(lock.read()), signal.SIGTERM)
        for _ in range(200):
            if _take(lock):
                return 0
            time.sleep(0.1)
    raise Failure("the stack did not end within 20 s", f"read {places.LOCAL / 'up-emulator.log'}")


def run(command: list[str]) -> int:
    """Runs one command against a stack of its own."""
    places.LOCAL.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="details-", dir=places.LOCAL) as folder:
        with Stack(Path(folder) / "stack.json", label="run") as stack:
            return stack.run(command)


def token(email: str, admin: bool) -> int:
    """Prints an ID token."""
    file = Path(os.environ.get(places.STACK_VARIABLE, places.DETAILS))
    if not file.exists():
        raise NOT_RUNNING
    try:
        print(users(json.loads(file.read_text())).token(email, admin))
    except EndpointConnectionError:
        # The file outlived a stack that was killed.
        raise NOT_RUNNING from None
    return 0


def _take(lock) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def main(arguments: list[str]) -> int:
    """Picks the command."""
    # `kill` and a closed terminal end it as Ctrl-C does, by way of the clean-up; and Ctrl-C does so too
    # where a shell started it in the background, with that signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    match arguments:
        case ["up"]:
            return up()
        case ["down"]:
            return down()
        case ["run", "--", *command] if command:
            return run(command)
        case ["token", email, *options] if options in ([], ["--admin"]):
            return token(email, bool(options))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
