"""Puts the figures of a run into the documentation."""

from __future__ import annotations

from pathlib import Path

from benchmarks import comparisons, report
from benchmarks.plot import svg
from benchmarks.results import Results

#: What was measured last is kept here, and a comparison's beside it under its own name.
RESULTS = Path(__file__).parent / "results.json"
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "benchmarks.md"
PICTURE = DOCS / "assets" / "benchmarks.svg"
BEGIN, END = "<!-- figures: made by `make bench` -->\n", "<!-- end of figures -->\n"


def results_of(comparison: str) -> Path:
    """Where the results of a comparison are kept."""
    return RESULTS.with_name(f"{comparison}.json")


def renew() -> None:
    """Puts what was kept last between the page's two marks, and renews the picture."""
    results = Results.read(RESULTS)
    parts = [report.markdown(results)]
    for name, comparison in comparisons.COMPARISONS.items():
        if (path := results_of(name)).exists():
            parts.append(comparisons.markdown(comparison, Results.read(path)))
    figures = "\n".join(parts)
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(svg(results))
