"""A status that is set at the very end: nothing that also runs at the end is left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from samovar.errors import FencedError, RefusedError
from samovar.processes import exit_status

SCRIPT = """
import atexit, ctypes, sys
from pathlib import Path
from samovar.processes.exit_status import end_with

class Late:
    def __del__(self): print("interpreter is cleared", flush=True)

late = Late()
atexit.register(print, "a handler that was registered before")
atexit.register(end_with, 75)
atexit.register(print, "a handler that was registered after")
left_open = Path(sys.argv[1]).open("w")
left_open.write("what was never flushed")
ctypes.CDLL(None).printf(b"what C buffered\\n")
"""


@pytest.mark.parametrize("end", ["pass", "sys.exit(0)", "sys.exit(3)", "raise ValueError"])
def test_the_process_ends_with_it_after_all_else(tmp_path: Path, end: str) -> None:
    file = tmp_path / "left-open"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{SCRIPT}\n{end}", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 75, done.stderr
    assert sorted(done.stdout.splitlines()) == [
        "a handler that was registered after",
        "a handler that was registered before",
        "interpreter is cleared",
        "what C buffered",
    ]
    assert file.read_text() == "what was never flushed"


def test_a_process_that_a_signal_ends_is_still_told_apart() -> None:
    end = "import os, signal; signal.raise_signal(signal.SIGINT)"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{SCRIPT}\n{end}", os.devnull],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == -signal.SIGINT, done.stderr


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (None, 0),
        (SystemExit(7), 7),
        (SystemExit(-1), 255),
        (SystemExit(0), 70),
        (SystemExit(256), 70),
        (SystemExit(), 70),
        (SystemExit("a text"), 1),
        (FencedError("another has its place"), 1),
        (RefusedError("never here"), 1),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 70),
        (RecursionError(), 70),
    ],
    ids=repr,
)
def test_only_a_worker_that_was_asked_to_stop_ends_with_0(
    failure: BaseException | None, status: int
) -> None:
    assert exit_status.of(failure) == status
