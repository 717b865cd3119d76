"""A clock that a test may put forward and back while a worker process goes by it.

The worker's application installs it; the test writes the seconds by which it is wrong into a file.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from samovar.support import clock
from tests.support import journal
from tests.support.stage import Stage

#: What a stage's routes begin with, so that its workers have this clock.
ROUTES = "from tests.support import jumping_clock\njumping_clock.install()\n"


def put(stage: Stage, seconds: float) -> None:
    """Make the clock of all workers of this stage wrong by so much."""
    new = stage.directory / "clock.new"
    new.write_text(str(round(seconds * 1e9)))
    new.replace(_file(stage.journal.path))


def install() -> None:
    """Let this process read the time here. What lasts goes by another clock, which never jumps."""
    file = _file(Path(os.environ[journal.VARIABLE]))

    def now_ns() -> int:
        return time.time_ns() + (int(file.read_text()) if file.exists() else 0)

    clock.now_ns = now_ns
    clock.now = lambda: now_ns() / 1e9


def _file(beside: Path) -> Path:
    return beside.with_name("clock")
