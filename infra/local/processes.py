"""Child processes that are gone when their parent is, however it ends."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from failure import Failure

GRACE_SECONDS = 5
PR_SET_PDEATHSIG = 1


class Processes:
    """Starts children, each in a session of its own, and ends them in reverse order."""

    def __init__(self):
        self._children: list[subprocess.Popen] = []

    def start(self, command: list[str], env: dict, log: Path, **options) -> subprocess.Popen:
        """Starts a service; what it says goes to `log`."""
        with log.open("wb") as sink:
            return self._spawn(command, env, **{"stdin": subprocess.DEVNULL, "stdout": sink, "stderr": sink, **options})

    def run(self, command: list[str], env: dict) -> int:
        """Runs a command to its end, in our terminal; answers its status."""
        return self._spawn(command, env).wait()

    def stop(self) -> None:
        """Ends every child and whatever the children started."""
        while self._children:
            child = self._children.pop()
            child.terminate()
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            # The functions run in the emulator's group and outlive it when they hang.
            _end_group(child.pid)
            child.wait()

    def _spawn(self, command: list[str], env: dict, **options) -> subprocess.Popen:
        try:
            child = subprocess.Popen(
                command,
                env=env,
                # A session of its own: Ctrl-C reaches us alone, and each group is ended in order.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                **options,
            )
        except FileNotFoundError:
            raise Failure(f"{command[0]} does not exist", "run `make build`") from None
        self._children.append(child)
        return child


def wait_for(what: str, ready, child: subprocess.Popen, log: Path, seconds: float = 60) -> None:
    """Waits until `ready()` holds; a child that ended first is a failure with its last words."""
    deadline = time.monotonic() + seconds
    while not ready():
        if child.poll() is not None:
            raise Failure(f"{what} ended with status {child.returncode}:\n{tail(log)}", f"read {log}")
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not answer within {seconds:.0f} s:\n{tail(log)}", f"read {log}")
        time.sleep(0.1)


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, indented."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def _die_with_parent() -> None:
    # Linux alone: covers a parent that was killed and could not clean up.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
