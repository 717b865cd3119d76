"""A real Active Job to put questions to, in a Ruby process that answers line by line."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SCRIPT = Path(__file__).parents[1] / "interop" / "ruby" / "active_job.rb"
#: The Debian package that has all of it.
PACKAGE = "ruby-activejob"


@functools.cache
def whats_missing() -> str | None:
    """What keeps Active Job from running here, with the command that mends it, or None."""
    ruby = shutil.which("ruby")
    if ruby is None:
        return f"no Ruby; apt-get install {PACKAGE}"
    asked = subprocess.run([ruby, "-e", "require 'active_job'"], capture_output=True, timeout=60)
    if asked.returncode:
        return f"this Ruby has no Active Job; apt-get install {PACKAGE}"
    return None


class RubyProcess:
    """Answers `ask(...)` until the block ends; one question at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            # Warnings of an old Rails on a newer Ruby are not ours.
            ["ruby", "-W0", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=30)

    def ask(self, **question: Any) -> Any:
        """The script says what there is to ask: tests/interop/ruby/active_job.rb."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Ruby ended: {self._process.wait(timeout=30)}"
        return json.loads(line)
