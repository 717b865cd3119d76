"""A run as a picture: bars on a logarithmic scale, written as SVG by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.results import Results

PANELS = (
    ("worker_1", "Worker of one process, no-op jobs a second"),
    ("enqueue_one", "Enqueued one by one, jobs a second"),
)
WIDTH, LEFT, RIGHT = 760, 230, 90
BAR, GAP, HEAD, FOOT = 20, 8, 44, 34
#: The least that the scale shows; it is logarithmic, so no bar begins at nought.
FLOOR = 100.0
OWN, BARE, PEER = "#b5541c", "#8a8f98", "#c9b8a8"


def svg(results: Results) -> str:
    """The whole picture."""
    top = max(v for m in results.medians.values() for k, v in m.items() if k in dict(PANELS))
    decades = math.ceil(math.log10(top / FLOOR))
    body: list[str] = []
    y = 8
    for measure, title in PANELS:
        rows = _rows(results, measure)
        height = HEAD + len(rows) * (BAR + GAP)
        body += _scale(y, height, decades)
        body.append(f'<text x="16" y="{y + 22}" class="title">{escape(title)}</text>')
        for index, (contestant, value) in enumerate(rows):
            colour = _colour(contestant.name)
            body += _bar(y + HEAD + index * (BAR + GAP), contestant.title, value, decades, colour)
        y += height + FOOT
    return "\n".join([*_opening(y), *body, "</svg>", ""])


def _rows(results: Results, measure: str) -> list[tuple[Contestant, float]]:
    found = [(c, results.medians.get(c.name, {}).get(measure)) for c in CONTESTANTS]
    return [(contestant, value) for contestant, value in found if value is not None]


def _opening(height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Jobs a second on a logarithmic scale">'
    )
    yield "<style>text{font:13px sans-serif;fill:#333}.title{font-weight:bold;font-size:15px}"
    yield ".tick{font-size:11px;fill:#888}line{stroke:#ddd}</style>"
    yield f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fff"/>'


def _scale(y: int, height: int, decades: int) -> Iterator[str]:
    for decade in range(decades + 1):
        x = _x(FLOOR * 10**decade, decades)
        yield f'<line x1="{x:.1f}" y1="{y + HEAD - 6}" x2="{x:.1f}" y2="{y + height}"/>'
        label = f"{int(FLOOR * 10**decade):,}"
        place = f'x="{x:.1f}" y="{y + height + 14}"'
        yield f'<text {place} class="tick" text-anchor="middle">{label}</text>'


def _bar(y: int, title: str, value: float, decades: int, colour: str) -> Iterator[str]:
    end = _x(max(value, FLOOR), decades)
    middle = y + BAR - 5
    yield f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end">{escape(title)}</text>'
    yield f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" fill="{colour}"/>'
    yield f'<text x="{end + 6:.1f}" y="{middle}">{value:,.0f}</text>'


def _x(value: float, decades: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(value / FLOOR) / decades


def _colour(name: str) -> str:
    if name.startswith("samovar"):
        return OWN
    return BARE if name.startswith("bare") else PEER
