"""Samovar's worker on Kafka beside itself: what a feature costs, and what its orderings bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.contestants import Contestant
from benchmarks.contestants.on_kafka import keyed, no_op, waiting
from benchmarks.measure import Sizes
from benchmarks.report import markdown_table
from benchmarks.results import Results
from benchmarks.rounds import measured

MEASURE = "worker_1"
HEADER = ("", "jobs, /s", "ratio", "of each round", "required", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Contestants that are measured in turn, each against another one of the same round."""

    title: str
    contestants: Sequence[Contestant]
    #: Contestants with their own yardstick; of all others it is the first one.
    versus: Mapping[str, str]
    #: The least ratio, by contestant.
    required: Mapping[str, float]


PLAIN = no_op("plain", "a plain queue", "plain")
FEATURES = (
    no_op("dead-letters", "dead_letter_queue", "dead-letters"),
    no_op("transactional", "dead_letter_queue, transactional", "transactional-dead-letters"),
    no_op("long-running", "long_running", "long-running"),
    no_op("throttle", "throttle, a million a second", "throttle"),
    no_op("expire-in", "expire_in, 30 days", "expire-in"),
    no_op("delay-by", "delay_by, 1 ms", "delay-by"),
    no_op("filter", "a filter that admits all", "filter"),
    no_op("scheduled", "a schedule topic", "scheduled"),
    no_op("recurring", "a yearly recurring task", "recurring"),
    no_op("consumer", "a plain topic with a consumer", "consumer"),
    no_op("manual-marks", "the same, manual_marks", "manual-marks"),
)
ORDERINGS = (
    no_op("key", 'ordering="key"', "key"),
    no_op("none", 'ordering="none"', "none"),
    no_op("virtual", "virtual partitions", "virtual"),
    no_op("share", "share_group=True", "share"),
)
SIDE_BY_SIDE = (
    waiting("one-at-a-time", 'ordering="partition", -c 50', "plain"),
    waiting("none-threads", 'ordering="none", -c 50', "none"),
    waiting("none-coroutines", 'ordering="none", coroutines, -c 50', "none", jobs="awaiting"),
    waiting("key-threads", 'ordering="key", -c 50', "key"),
    waiting("virtual-threads", "virtual partitions, -c 50", "virtual"),
)
KEYED = (
    keyed("keyed-partition", 'ordering="partition", -c 32', "plain"),
    keyed("keyed-key", 'ordering="key", -c 32', "key"),
    keyed("keyed-virtual", "virtual partitions by key, 4 lanes each, -c 32", "virtual-keys"),
)

COMPARISONS = {
    "features": Comparison(
        title="Features that have nothing to do",
        contestants=(PLAIN, *FEATURES),
        versus={"manual-marks": "consumer"},
        required={c.name: 0.9 for c in FEATURES},
    ),
    "orderings": Comparison(
        title="Orderings",
        contestants=(PLAIN, *ORDERINGS),
        versus={},
        required={"key": 0.6, "none": 0.6, "virtual": 0.6},
    ),
    "side-by-side": Comparison(
        title="Jobs that wait 1 ms, on one partition",
        contestants=SIDE_BY_SIDE,
        versus={},
        required={"none-threads": 30, "none-coroutines": 30},
    ),
    "keyed": Comparison(
        title="Jobs of 1,000 keys that wait 1 ms, on eight partitions",
        contestants=KEYED,
        versus={},
        required={"keyed-key": 2.0, "keyed-virtual": 2.0},
    ),
}


def compare(comparison: Comparison, sizes: Sizes, console: Console) -> Results:
    """Measure, and show the table."""
    results = measured(comparison.contestants, sizes, console)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in HEADER:
        table.add_column(title, justify="right" if title else "left")
    for row in rows(comparison, results):
        table.add_row(*row)
    console.print(table)
    return results


def markdown(comparison: Comparison, results: Results) -> str:
    """The table and when it was measured, for the documentation."""
    return (
        f"### {comparison.title}\n\nMeasured {results.measured_at}.\n\n"
        f"{markdown_table(HEADER, rows(comparison, results))}\n"
    )


def rows(comparison: Comparison, results: Results) -> Iterator[Sequence[str]]:
    """A contestant each: its rate, and the median of its ratios, for rounds differ from each other
    by more than the contestants of one.
    """
    first = comparison.contestants[0].name
    for contestant in comparison.contestants:
        name = contestant.name
        rates = results.values.get(name, {}).get(MEASURE, [])
        others = results.values.get(comparison.versus.get(name, first), {}).get(MEASURE, [])
        if not rates:
            yield contestant.title, "-", "", "", "", ""
            continue
        # Where a round failed, it is not known which belong together.
        ratios = (
            [a / b for a, b in zip(rates, others, strict=True)] if len(rates) == len(others) else []
        )
        yield (contestant.title, f"{median(rates):,.0f}", *_judged(name, ratios, comparison))


def _judged(name: str, ratios: Sequence[float], comparison: Comparison) -> Sequence[str]:
    if not ratios:
        return "", "", "", ""
    ratio, required = median(ratios), comparison.required.get(name)
    shown = " ".join(f"{each:.2f}" for each in ratios)
    if required is None:
        return f"{ratio:.2f}", shown, "", ""
    return f"{ratio:.2f}", shown, f"≥ {required:g}", "✔" if ratio >= required else "✘"
