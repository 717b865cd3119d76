"""The run: every measurement of every contestant in turn, round after round."""

from __future__ import annotations

import importlib.util
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median

from rich.console import Console

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.measure import Measure, Sizes
from benchmarks.processes import MeasurementError
from benchmarks.results import Results
from benchmarks.services import Services, services

Measurement = Callable[[Contestant], dict[str, float]]


class Rounds:
    """Collects what each contestant showed in each round."""

    def __init__(self, console: Console) -> None:
        self._console = console
        #: Values of all rounds, by contestant and measure.
        self.values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        #: Why a contestant was left out.
        self.skipped: dict[str, str] = {}

    def run(self, contestants: Sequence[Contestant], sizes: Sizes, running: Services) -> None:
        """One contestant after the other within each measure, so that what else the machine does
        meanwhile meets all of them.
        """
        field = [c for c in contestants if self._may_take_part(c, running)]
        measure = Measure(running, sizes)
        for contestant in field:
            self._note(0, contestant, _nothing(measure.prepare))
        for number in range(sizes.rounds):
            for what in self._measurements(measure, is_rare=number % sizes.every == 0):
                for contestant in field:
                    if contestant.name not in self.skipped and _applies(what, contestant):
                        self._note(number + 1, contestant, what)

    def _measurements(self, measure: Measure, *, is_rare: bool) -> list[Measurement]:
        always = [measure.worker_1, measure.enqueue_one, measure.enqueue_bulk]
        if not is_rare:
            return always
        two = [measure.worker_2] if measure.sizes.two_processes else []
        return [*always, *two, measure.small_things]

    def _may_take_part(self, contestant: Contestant, running: Services) -> bool:
        lacking = [name for name in contestant.needs if importlib.util.find_spec(name) is None]
        if lacking:
            self._skip(contestant, f"not installed: {', '.join(lacking)}")
        elif contestant.backend in running.missing:
            self._skip(contestant, running.missing[contestant.backend])
        return contestant.name not in self.skipped

    def _skip(self, contestant: Contestant, reason: str) -> None:
        self.skipped[contestant.name] = reason
        self._console.print(f"[yellow]Skipped {contestant.title}: {reason}", highlight=False)

    def _note(self, number: int, contestant: Contestant, what: Measurement) -> None:
        began = time.monotonic()
        name = what.__name__.replace("_", " ")
        try:
            figures = what(contestant)
        except MeasurementError as error:
            self._console.print(f"[red]{contestant.title}, {name}: {error}", highlight=False)
            if name == "prepare":
                self._skip(contestant, "its jobs could not be enqueued")
            return
        for measure, value in figures.items():
            self.values[contestant.name][measure].append(value)
        shown = ", ".join(f"{key} {value:,.4g}" for key, value in figures.items())
        took = time.monotonic() - began
        line = f"round {number}  {contestant.name:19} {name:13} {shown}  ({took:.1f} s)"
        self._console.print(line, style="dim", highlight=False, soft_wrap=True)


def run(names: Sequence[str], sizes: Sizes, console: Console) -> Results:
    """Measure these contestants, or all."""
    return measured([c for c in CONTESTANTS if not names or c.name in names], sizes, console)


def measured(contestants: Sequence[Contestant], sizes: Sizes, console: Console) -> Results:
    """What these contestants showed."""
    results = Results.begun(sizes)
    with services({c.backend for c in contestants}) as running:
        rounds = Rounds(console)
        rounds.run(contestants, sizes, running)
    results.skipped = rounds.skipped
    results.values = {name: dict(values) for name, values in rounds.values.items()}
    results.medians = {
        name: {measure: median(v) for measure, v in values.items()}
        for name, values in results.values.items()
    }
    return results


def _applies(what: Measurement, contestant: Contestant) -> bool:
    if contestant.worker_only:
        return what.__name__ == "worker_1"
    if what.__name__ == "worker_2":
        return contestant.shares_jobs
    return contestant.has_bulk or what.__name__ != "enqueue_bulk"


def _nothing(prepare: Callable[[Contestant], None]) -> Measurement:
    def prepared(contestant: Contestant) -> dict[str, float]:
        prepare(contestant)
        return {}

    prepared.__name__ = "prepare"
    return prepared
