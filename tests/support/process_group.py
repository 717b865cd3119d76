"""A command in a session of its own: its output goes to a file, its whole group can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.support.leash import Leash


class ProcessGroup:
    """Runs `command` now. Output of it and its children is appended to `log`.

    `own_directory` is one that is worth nothing without the processes: should the test run be
    killed, it is removed with them.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        own_directory: Path | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._leader = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=env,
                start_new_session=True,
            )
        self._leash = Leash(self._leader.pid, directory=own_directory)

    @property
    def pid(self) -> int:
        return self._leader.pid

    @property
    def returncode(self) -> int | None:
        """How the first process ended; None while it runs."""
        return self._leader.poll()

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def lines(self) -> Iterator[bytes]:
        """The output so far, line after line: there may be more of it than fits into memory."""
        with self.log.open("rb") as log:
            yield from log

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.output.splitlines()[-lines:])

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the first process only."""
        self._leader.send_signal(number)

    def wait(self, timeout: float) -> int:
        return self._leader.wait(timeout)

    def kill(self) -> None:
        """Kills every process of the group; again and again without harm."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._leader.pid, signal.SIGKILL)
        self._leader.wait()
        self._leash.release()
