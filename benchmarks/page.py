"""Puts the figures of a run into the documentation."""

from __future__ import annotations

from pathlib import Path

from benchmarks.plot import svg
from benchmarks.report import markdown
from benchmarks.results import Results

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "benchmarks.md"
PICTURE = DOCS / "assets" / "benchmarks.svg"
BEGIN, END = "<!-- figures: made by `make bench` -->\n", "<!-- end of figures -->\n"


def renew(results: Results) -> None:
    """Replaces what stands between the page's two marks, and the picture."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(svg(results))
