"""The tables of a run: on the terminal, and as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.results import Results
from benchmarks.targets import TARGETS

#: In place of a figure.
NONE = "-"
MARKS = {"aim": "✔✔", "met": "✔", "below": "○", "missed": "✘"}
COLOURS = {"aim": "green", "met": "green", "below": "yellow", "missed": "red"}


@dataclass(frozen=True, slots=True)
class Column:
    """A measure and how its values are written."""

    measure: str
    title: str
    write: Callable[[float], str]


def _rate(value: float) -> str:
    return f"{value:,.0f}"


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


COLUMNS = (
    Column("enqueue_one", "enqueue one by one, /s", _rate),
    Column("enqueue_bulk", "bulk, /s", _rate),
    Column("worker_1", "worker, 1 process, /s", _rate),
    Column("worker_2", "2 processes, /s", _rate),
    Column("latency_p50", "latency p50, ms", _number),
    Column("latency_p99", "p99, ms", _number),
    Column("cold_start", "cold start, s", _number),
    Column("idle_rss", "idle RSS, MB", _number),
    Column("idle_pss", "PSS, MB", _number),
    Column("idle_cpu", "idle CPU, %", _number),
)
#: Its worker is 1 in the column of ratios.
UNIT = {"kafka": "bare-kafka", "redis": "bare-kafka", "file": "bare-sqlite"}

Rows = list[list[str]]


def figures(results: Results) -> tuple[list[str], Rows]:
    """Header and rows of the big table: a contestant each."""
    header = ["", *(c.title for c in COLUMNS[:3]), "of bare", *(c.title for c in COLUMNS[3:])]
    rows: Rows = []
    for contestant in CONTESTANTS:
        medians = results.medians.get(contestant.name)
        if medians:
            cells = [c.write(medians[c.measure]) if c.measure in medians else NONE for c in COLUMNS]
            rows.append([contestant.title, *cells[:3], _share(results, contestant), *cells[3:]])
    return header, rows


def ratios(results: Results) -> tuple[list[str], Rows, list[str]]:
    """Header, rows and verdicts of the table of targets."""
    rows: Rows = []
    verdicts: list[str] = []
    for target in TARGETS:
        value = target.value(results.medians)
        if value is None:
            continue
        sign = "≤" if target.is_limit else "≥"
        required = NONE if target.required is None else f"{sign} {target.required:g}"
        verdicts.append(target.verdict(value))
        mark = MARKS[verdicts[-1]]
        rows.append([target.claim, _number(value), required, f"{sign} {target.aim:g}", mark])
    return ["Samovar", "measured", "required", "aim", ""], rows, verdicts


def show(results: Results, console: Console) -> None:
    """Both tables, on the terminal."""
    wide = Console(width=max(console.width, 150)) if console.is_terminal is False else console
    header, rows = figures(results)
    wide.print(_table(header, rows))
    header, rows, verdicts = ratios(results)
    wide.print(_table(header, rows, [COLOURS[verdict] for verdict in verdicts]))
    for name, reason in results.skipped.items():
        console.print(f"[yellow]Not measured: {name}: {reason}", highlight=False)


def markdown(results: Results) -> str:
    """Both tables and what they were measured on, for the documentation."""
    header, rows = figures(results)
    wanted, targets, _ = ratios(results)
    durability = [[c.title, c.durability] for c in CONTESTANTS if c.name in results.medians]
    skipped = [f"Not measured: {name}: {reason}." for name, reason in results.skipped.items()]
    parts = [
        _conditions(results),
        *skipped,
        markdown_table(header, rows),
        markdown_table(wanted, targets),
        "✔✔ the aim is reached, ✔ what is required is reached, ✘ it is not; "
        "○ below an aim where nothing is required.",
        markdown_table(["", "what a job survives"], durability),
    ]
    return "\n\n".join(parts) + "\n"


def _conditions(results: Results) -> str:
    machine = results.machine
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    rounds = results.sizes["rounds"]
    how = f"medians of {rounds} interleaved rounds" if rounds > 1 else "provisional: one round"
    return (
        f"Measured {results.measured_at}; {how}. "
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
        f"{machine['system']}; an fsync takes {machine['fsync_ms']} ms; load before the run "
        f"{machine['load_before']}. Versions: {versions}."
    )


def _share(results: Results, contestant: Contestant) -> str:
    own = results.medians[contestant.name].get("worker_1")
    unit = results.medians.get(UNIT[contestant.backend], {}).get("worker_1")
    if own is None or unit is None:
        return NONE
    share = own / unit
    return f"{share:.2f}" if share > 0.1 else f"1/{1 / share:.0f}"


def _table(header: Sequence[str], rows: Rows, styles: Sequence[str] = ()) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, title in enumerate(header):
        table.add_column(title, justify="right" if index else "left", no_wrap=not index)
    for index, row in enumerate(rows):
        table.add_row(*row, style=styles[index] if styles else None)
    return table


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as a table of Markdown; with two columns both are text, or else figures."""
    is_text = len(header) == 2
    rule = ["---", *("---" if is_text else "--:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])
