"""The account of a run: what was enqueued, what became of it, and what is still owed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence

from samovar.demo.jobs import CountModuleJob, WriteReportJob
from samovar.demo.outcomes import Outcomes
from samovar.demo.run import DemoError, Run
from samovar.demo.screen import Screen
from samovar.demo.sources import Source
from samovar.support import clock

#: Jobs that are enqueued in one call.
BULK = 100
#: How often the workers' notes are read, in seconds.
LOOK_SECONDS = 0.05
#: The demo gives up after this time without anything new, in seconds.
PATIENCE_SECONDS = 60.0


class Account:
    """Enqueues a job per source and follows each of them to its end."""

    def __init__(self, run: Run, screen: Screen, sources: Sequence[Source], *, kill: bool) -> None:
        self.outcomes = Outcomes(run.results)
        self._run = run
        self._screen = screen
        self._sources = sources
        self._kill_at = len(sources) / 2 if kill else None
        #: Module by job id, of those enqueued.
        self._enqueued: dict[str, str] = {}

    def settle(self) -> None:
        """Return when every source is accounted for and the report is written.

        Raises:
            DemoError: the workers ended, or nothing happened for a minute.
        """
        for start in range(0, len(self._sources), BULK):
            self._enqueue(self._sources[start : start + BULK])
            self._look()
        self._wait(lambda: len(self.outcomes) == len(self._enqueued), self._owed)
        WriteReportJob.perform_later(str(self._run.results), str(self._run.report))
        self._wait(self._run.report.exists, lambda: "the report")

    def _enqueue(self, sources: Sequence[Source]) -> None:
        results = str(self._run.results)
        jobs = CountModuleJob.perform_bulk((s.module, str(s.path), results) for s in sources)
        self._enqueued.update((job.job_id, job.arguments[0]) for job in jobs)

    def _wait(self, is_done: Callable[[], bool], owed: Callable[[], str]) -> None:
        until = clock.monotonic() + PATIENCE_SECONDS
        while not is_done():
            if self._look():
                until = clock.monotonic() + PATIENCE_SECONDS
            elif clock.monotonic() > until:
                raise DemoError(
                    f"Nothing happened for {PATIENCE_SECONDS:.0f} s; unaccounted for: {owed()}. "
                    f"The workers' log is {self._run.log}."
                )
            clock.sleep(LOOK_SECONDS)

    def _look(self) -> bool:
        """Read on; whether there was anything new."""
        before = len(self.outcomes)
        self._run.check()
        self.outcomes.read()
        self._screen.update(len(self._enqueued), self.outcomes)
        if self._kill_at is not None and len(self.outcomes) >= self._kill_at:
            self._kill_at = None
            self._kill()
        return len(self.outcomes) > before

    def _kill(self) -> None:
        pid = self.outcomes.last_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._screen.say(
            f"Killed worker {pid} with SIGKILL after {len(self.outcomes)} jobs; "
            f"what it held goes on elsewhere."
        )

    def _owed(self) -> str:
        owed = [name for job_id, name in self._enqueued.items() if job_id not in self.outcomes]
        return f"{len(owed)} files, such as {', '.join(owed[:3])}"
