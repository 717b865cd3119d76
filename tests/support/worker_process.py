"""A real `samovar worker` process for scenarios."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from tests.support.eventually import eventually
from tests.support.process_group import ProcessGroup


class WorkerProcess:
    """Runs `python -m samovar worker <arguments>` and kills all that is left of it at exit.

        with WorkerProcess("app:app", cwd=tmp_path) as worker:
            worker.wait_for_output("started")
            worker.signal(signal.SIGTERM)
            assert worker.wait(timeout=10) == 0

    When the block fails, the end of the worker's output is shown with the failure.
    """

    def __init__(self, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        number = len(list(cwd.glob("worker-*.log"))) + 1
        self._group = ProcessGroup(
            [sys.executable, "-m", "samovar", "worker", *arguments],
            log=cwd / f"worker-{number}.log",
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        )

    @property
    def pid(self) -> int:
        return self._group.pid

    @property
    def output(self) -> str:
        return self._group.output

    def lines(self) -> Iterator[bytes]:
        """The output so far, line after line: there may be more of it than fits into memory."""
        return self._group.lines()

    @property
    def returncode(self) -> int | None:
        return self._group.returncode

    def wait_for_output(self, text: str, *, within: float = 30.0) -> None:
        def appeared_or_ended() -> bool:
            return text in self.output or self.returncode is not None

        eventually(appeared_or_ended, within=within, what=f"the worker says {text!r}")
        assert text in self.output, f"The worker ended ({self.returncode}) and never said {text!r}"

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the worker's first process."""
        self._group.signal(number)

    def kill(self) -> None:
        """Kills (SIGKILL) the worker with all its children."""
        self._group.kill()

    def wait(self, timeout: float = 30.0) -> int:
        """Waits until the worker has ended by itself, and returns its exit code."""
        return self._group.wait(timeout)

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        if error is not None:
            error.add_note(f"The end of {self._group.log.name}:\n{self._group.tail()}")
