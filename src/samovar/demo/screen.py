"""What the demo shows: a bar on a terminal, a few plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from samovar.demo.outcomes import Outcomes, Totals
from samovar.demo.report import LARGEST, fate, reason
from samovar.support import clock

#: A plain line appears each time another such share of the jobs is done.
PLAIN_SHARE = 0.25
#: Lines about jobs retried or discarded, each.
SHOWN = 3

_NUMBERS = (
    "enqueued {task.fields[enqueued]}  performed {task.fields[performed]}  "
    "retried {task.fields[retried]}  discarded {task.fields[discarded]}  "
    "{task.fields[speed]:.0f} jobs/s"
)


class Screen:
    """Shows how far `total` jobs are, while the block runs."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._started = clock.monotonic()
        self._next_share = PLAIN_SHARE
        self._bar = Progress(
            BarColumn(bar_width=None),
            TextColumn(_NUMBERS),
            console=console,
            expand=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(
            "", total=total, enqueued=0, speed=0.0, **Totals()._asdict()
        )

    def __enter__(self) -> Screen:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """A line above the bar."""
        self._console.print(text, highlight=False, soft_wrap=True)

    def update(self, enqueued: int, outcomes: Outcomes) -> None:
        """Show the present numbers."""
        done = len(outcomes)
        speed = done / max(self.seconds, 0.001)
        totals = outcomes.totals._asdict()
        self._bar.update(self._task, completed=done, enqueued=enqueued, speed=speed, **totals)
        if not self._console.is_terminal and done >= self._next_share * self._total:
            self._next_share = (done / self._total // PLAIN_SHARE + 1) * PLAIN_SHARE
            self.say(f"enqueued {enqueued} {outcomes.totals} ({speed:.0f} jobs/s)")

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return clock.monotonic() - self._started


def largest_modules(outcomes: Outcomes) -> Table:
    """The ten largest modules, as a table."""
    table = Table(title=f"The {LARGEST} largest modules", title_justify="left")
    table.add_column("module")
    for name in ("lines", "tokens", "functions", "classes"):
        table.add_column(name, justify="right")
    for outcome, c in outcomes.performed[:LARGEST]:
        numbers = (c.lines, c.tokens, c.functions, c.classes)
        table.add_row(outcome.module, *(f"{number:,}" for number in numbers))
    return table


def noteworthy(outcomes: Outcomes) -> Iterator[str]:
    """Lines about the jobs that were retried or discarded; the report has all of them."""
    retried = [f"Retried {o.module}: {fate(o)}" for o in outcomes.retried]
    discarded = [f"Discarded {o.module}: {reason(o)}" for o in outcomes.discarded]
    for lines in (retried, discarded):
        yield from lines[:SHOWN]
        if len(lines) > SHOWN:
            yield f"... and {len(lines) - SHOWN} more, in the report"
    if not retried and not discarded:
        yield "Every file decoded and parsed at the first attempt."
