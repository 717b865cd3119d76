"""What Samovar means to reach, as ratios from one run: what is required, and what is aimed at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Medians by contestant and measure.
Medians = Mapping[str, Mapping[str, float]]
#: A measure, what it is in words, what is required and what is aimed at.
Row = tuple[str, str, float, float]

SMALL_THINGS: tuple[Row, ...] = (
    ("latency_p50", "latency p50, ms", 5, 2),
    ("latency_p99", "latency p99, ms", 15, 5),
    ("idle_rss", "idle memory, MB", 60, 45),
    ("idle_cpu", "idle CPU, %", 1, 0.3),
    ("memory_growth", "memory over 2,000,000 jobs, MB", 5, 5),
)
DEFERRED: tuple[Row, ...] = (
    ("deferred_p50", "how late a deferred job is p50, ms", 20, 5),
    ("deferred_max", "how late at most, ms", 50, 20),
    ("waiting_memory", "memory for 100,000 waiting jobs, MB", 5, 2),
    ("waiting_cpu", "idle CPU beside 100,000 waiting jobs, %", 1, 0.5),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure of Samovar's, divided by the best of others' or as it is."""

    claim: str
    contestant: str
    measure: str
    #: Contestants to divide by, and their measure where it is another one.
    versus: tuple[str, ...] = ()
    versus_measure: str = ""
    #: None: nothing is required.
    required: float | None
    aim: float
    #: Whether less is better.
    is_limit: bool = False

    def value(self, medians: Medians) -> float | None:
        """The figure; None when something of it was not measured."""
        own = medians.get(self.contestant, {}).get(self.measure)
        if own is None or not self.versus:
            return own
        measure = self.versus_measure or self.measure
        others = [
            medians[name][measure] for name in self.versus if measure in medians.get(name, {})
        ]
        return own / max(others) if others else None

    def verdict(self, value: float) -> str:
        """In one word."""
        if self._is_within(value, self.aim):
            return "aim"
        if self.required is None:
            return "below"
        if self._is_within(value, self.required):
            return "met"
        return "missed"

    def _is_within(self, value: float, bound: float) -> bool:
        return value <= bound if self.is_limit else value >= bound


def _worker(
    claim: str, contestant: str, versus: tuple[str, ...], required: float | None, aim: float
) -> Target:
    return Target(
        claim=claim,
        contestant=contestant,
        measure="worker_1",
        versus=versus,
        required=required,
        aim=aim,
    )


def _enqueue(claim: str, measure: str, required: float, aim: float) -> Target:
    return Target(
        claim=claim,
        contestant="samovar-kafka",
        measure=measure,
        versus=("bare-kafka",),
        versus_measure="enqueue_one",
        required=required,
        aim=aim,
    )


def _limits(contestant: str, title: str, rows: Iterable[Row]) -> Iterable[Target]:
    for measure, what, required, aim in rows:
        yield Target(
            claim=f"{title}: {what}",
            contestant=contestant,
            measure=measure,
            required=required,
            aim=aim,
            is_limit=True,
        )


_CELERY = ("celery-prefork", "celery-threads")

TARGETS = (
    _worker("Kafka worker / bare loop, json", "samovar-kafka", ("bare-kafka",), 0.8, 1.3),
    _worker(
        "Kafka worker / bare loop, msgspec", "samovar-kafka", ("bare-kafka-msgspec",), None, 0.7
    ),
    _worker('ordering="key" / "partition"', "samovar-kafka-key", ("samovar-kafka",), 0.6, 0.9),
    _worker('ordering="none" / "partition"', "samovar-kafka-none", ("samovar-kafka",), 0.6, 0.9),
    _worker(
        'virtual partitions / "partition"', "samovar-kafka-virtual", ("samovar-kafka",), 0.6, 0.9
    ),
    _enqueue("perform_later on Kafka / bare produce loop", "enqueue_one", 0.6, 1.0),
    _enqueue("perform_bulk on Kafka / bare produce loop", "enqueue_bulk", 0.8, 1.2),
    _worker("Embedded worker / bare SQLite reader", "samovar-embedded", ("bare-sqlite",), 0.4, 0.8),
    _worker("Kafka worker / Celery on Redis", "samovar-kafka", _CELERY, 120, 250),
    _worker("Embedded worker / Celery on Redis", "samovar-embedded", _CELERY, 120, 250),
    _worker("Kafka worker / Taskiq on Kafka", "samovar-kafka", ("taskiq-kafka",), 8, 15),
    *_limits("samovar-kafka", "Kafka", SMALL_THINGS),
    *_limits("samovar-embedded", "Embedded", SMALL_THINGS),
    *_limits("samovar-embedded", "Embedded", DEFERRED),
)
