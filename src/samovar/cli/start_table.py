"""The table of queues that `samovar worker` prints when it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samovar.engine.starting.report import ServedQueue

#: Queues that are listed one by one.
MAX_ROWS = 40
_HEAD = ("queue", "partitions", "order", "a job that keeps failing", "group")


def table(rows: Sequence[ServedQueue]) -> Iterator[str]:
    """Lines for these queues; the group only where there are several."""
    if not rows:
        yield "Queues: none yet."
        return
    width = 5 if len({row.group for row in rows}) > 1 else 4
    cells = [_HEAD[:width], *(_cells(row)[:width] for row in rows[:MAX_ROWS])]
    widths = [max(len(line[column]) for line in cells) for column in range(width)]
    yield "Queues:"
    for line in cells:
        padded = (cell.ljust(size) for cell, size in zip(line, widths, strict=True))
        yield f"  {'  '.join(padded)}".rstrip()
    if len(rows) > MAX_ROWS:
        yield f"  and {len(rows) - MAX_ROWS:,} more"


def _cells(row: ServedQueue) -> tuple[str, ...]:
    partitions = "none yet" if row.partitions is None else str(row.partitions)
    return (row.name, partitions, row.ordering, row.failures, row.group)
