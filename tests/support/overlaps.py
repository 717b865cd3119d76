"""Whether one process ever ran the same thing twice at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from tests.support.journal import Line


def overlaps(
    lines: Iterable[Line], *, thing: Callable[[str], str] = lambda what: what
) -> list[Line]:
    """Each begin of something that had begun in the same process and not ended. `thing` tells what
    must not run beside itself, such as all jobs of a key; by default it is the job.
    """
    open_now: defaultdict[tuple[int, str], int] = defaultdict(int)
    found: list[Line] = []
    for line in lines:
        if line.event not in ("start", "done"):
            continue
        run = line.pid, thing(line.what)
        if line.event == "done":
            open_now[run] -= 1
            continue
        if open_now[run]:
            found.append(line)
        open_now[run] += 1
    return found
