"""Why jobs ran again: what was left behind by processes that a test killed."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.support.journal import Line


@dataclass(slots=True)
class Run:
    """One time that a process began a job. Times in seconds on the monotonic clock."""

    pid: int
    began: float
    #: None: it never ended.
    ended: float | None = None


@dataclass(slots=True)
class Repeats:
    """Each time that a job ran again, by what its run before came to."""

    #: It was running when its process was killed.
    running: int = 0
    #: It had ended; how long before the kill, in seconds, for each.
    unmarked: list[float] = field(default_factory=list[float])
    #: Its process was not killed, or was alive when the job ran again.
    unexplained: list[str] = field(default_factory=list[str])

    @property
    def oldest(self) -> float:
        """How long before a kill the longest unmarked job had ended, in seconds."""
        return max(self.unmarked, default=0.0)


def repeats(lines: Iterable[Line], deaths: Mapping[int, float]) -> Repeats:
    """What ran again after these processes were killed at these times."""
    found = Repeats()
    for what, runs in _runs(lines).items():
        for before, again in itertools.pairwise(runs):
            died = deaths.get(before.pid)
            if died is None or again.began < died:
                found.unexplained.append(f"{what}: {before}, then {again}")
            elif before.ended is None:
                found.running += 1
            else:
                found.unmarked.append(died - before.ended)
    return found


def _runs(lines: Iterable[Line]) -> Mapping[str, list[Run]]:
    """The runs of each job, in order."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for line in lines:
        if line.event == "start":
            runs[line.what].append(Run(line.pid, line.at))
        elif line.event == "done":
            own = [run for run in runs[line.what] if run.pid == line.pid]
            own[-1].ended = line.at
    return runs
