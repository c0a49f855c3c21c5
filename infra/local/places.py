"""Where things are: the checkout, the built binaries, what the stack leaves on disk."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
TEMPLATE = ROOT / "template.yaml"

# Details of the stack that `up` runs; `run` writes a file of its own and names it in STACK_VARIABLE,
# so that two stacks of one checkout do not read each other's addresses.
DETAILS = LOCAL / "stack.json"
STACK_VARIABLE = "TRIBUTARY_STACK"


def binaries() -> Path:
    """The folder that `cargo build` leaves the binaries in."""
    target = os.environ.get("CARGO_TARGET_DIR")
    folder = Path(target) if target else ROOT / "target"
    return (ROOT / folder / "debug").resolve()


def binary(name: str) -> Path:
    """One built binary."""
    return binaries() / name
