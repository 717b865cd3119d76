"""The report in Markdown: totals, the largest modules, what was retried and what was discarded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from samovar.demo.outcomes import Counts, Outcome, Outcomes

LARGEST = 10


def report_of(outcomes: Outcomes) -> str:
    """The whole text."""
    return "\n".join(_lines(outcomes)) + "\n"


def _lines(outcomes: Outcomes) -> Iterator[str]:
    performed = outcomes.performed
    yield "# The Python sources of this machine"
    yield ""
    yield from _totals([counts for _, counts in performed])
    yield ""
    yield f"## The {LARGEST} largest modules"
    yield ""
    yield "| module | lines | tokens | functions | classes |"
    yield "|---|---:|---:|---:|---:|"
    for outcome, c in performed[:LARGEST]:
        yield f"| `{outcome.module}` | {c.lines} | {c.tokens} | {c.functions} | {c.classes} |"
    yield ""
    yield from _section(
        "Retried: not in UTF-8, or not readable at first",
        (f"`{o.module}`: {fate(o)}" for o in outcomes.retried),
    )
    yield ""
    yield from _section(
        "Discarded: neither decoded nor parsed",
        (f"`{o.module}`: {reason(o)}" for o in outcomes.discarded),
    )


def _totals(counts: list[Counts]) -> Iterator[str]:
    yield f"- modules: {len(counts):,}"
    yield f"- lines: {sum(c.lines for c in counts):,}"
    yield f"- tokens: {sum(c.tokens for c in counts):,}"
    yield f"- functions: {sum(c.functions for c in counts):,}"
    yield f"- classes: {sum(c.classes for c in counts):,}"


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from [f"- {item}" for item in items] or ["None."]


def fate(retried: Outcome) -> str:
    """What became of a job that was retried."""
    return f"{'discarded' if retried.discarded else 'performed'} at run {retried.executions}"


def reason(discarded: Outcome) -> str:
    """Why a job was discarded, on one line."""
    return " ".join((discarded.discarded or "").split())
