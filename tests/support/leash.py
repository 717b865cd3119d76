"""Kills a process group, and removes its directory, when the process that started it is gone.

A parent that is itself killed (SIGKILL) cannot clean up, so a tiny process beside it does.
Linux's PR_SET_PDEATHSIG would be shorter, but it fires when the starting *thread* ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


class Leash:
    """Holds a process group, and the directory that it alone uses (if any), until released."""

    def __init__(self, group: int, *, directory: Path | None = None) -> None:
        # -I -S: no site packages, so that it starts in a few milliseconds.
        command = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(group)]
        if directory:
            command.append(str(directory))
        self._process = subprocess.Popen(command, start_new_session=True)

    def release(self) -> None:
        self._process.kill()
        self._process.wait()


def watch(parent: int, group: int, directories: list[str]) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    time.sleep(0.2)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    watch(parent=int(sys.argv[1]), group=int(sys.argv[2]), directories=sys.argv[3:])
