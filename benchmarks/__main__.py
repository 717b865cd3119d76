"""`python -m benchmarks`: measure Samovar, the bare libraries and the peers, and report.

python -m benchmarks                 everything, five rounds; renews the documentation's figures
python -m benchmarks --quick         one short round, without two processes
python -m benchmarks --only NAME     these contestants alone (may be repeated)
python -m benchmarks memory          memory over 2,000,000 jobs; added to the last results
python -m benchmarks deferred        how late deferred jobs are, and what waiting ones cost
python -m benchmarks features        each feature switched on but idle, against a plain queue
python -m benchmarks orderings       the other orderings and virtual partitions, against "partition"
python -m benchmarks side-by-side    jobs that wait 1 ms, on one partition: 50 at once, against one
python -m benchmarks keyed           the same with keys, on as many partitions as a queue gets
python -m benchmarks report          the tables again, from the last results
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks import page, report
from benchmarks.comparisons import COMPARISONS, compare
from benchmarks.contestants import CONTESTANTS
from benchmarks.deferred import NAME, measure_deferred
from benchmarks.measure import Sizes
from benchmarks.memory import measure_memory
from benchmarks.results import Results
from benchmarks.rounds import run

QUICK = Sizes(
    rounds=1, enqueue=1.0, work=1.5, latency=3.0, idle=2.0, backlog=0.15, two_processes=False
)

#: Workers of one process only, which need fewer jobs.
COMPARED = Sizes(work=4.0, backlog=0.25, two_processes=False)


def main(arguments: Sequence[str] | None = None) -> None:
    console = Console()
    options = parser().parse_args(arguments)
    match options.what:
        case "run":
            run_all(options, console)
        case "memory":
            add_memory(options.json or page.RESULTS, console)
        case "deferred":
            add_deferred(options.json or page.RESULTS, console)
        case name if name in COMPARISONS:
            run_comparison(name, options, console)
        case _:
            report.show(Results.read(options.json or page.RESULTS), console)
            page.renew()


def run_all(options: argparse.Namespace, console: Console) -> None:
    """Measure, show and keep. Only a whole run goes into the documentation."""
    began = time.monotonic()
    sizes = QUICK if options.quick else Sizes(rounds=options.rounds)
    results = run(options.only, sizes, console)
    report.show(results, console)
    is_whole = not options.quick and not options.only
    keep(results, options, page.RESULTS if is_whole else None, console)
    console.print(f"Took {time.monotonic() - began:.0f} s.", style="dim")


def run_comparison(name: str, options: argparse.Namespace, console: Console) -> None:
    """Measure one of the comparisons, show it, and keep it in a file of its own."""
    sizes = QUICK if options.quick else replace(COMPARED, rounds=options.rounds)
    results = compare(COMPARISONS[name], sizes, console)
    keep(results, options, None if options.quick else page.results_of(name), console)


def keep(
    results: Results, options: argparse.Namespace, place: Path | None, console: Console
) -> None:
    """Write them where the options say; or else to their place, and into the documentation."""
    path: Path | None = options.json or place
    if path:
        results.write(path)
        console.print(f"Written: {path}")
    if path and path == place:
        page.renew()
        console.print(f"Written: {page.PAGE} and {page.PICTURE}")


def add_memory(path: Path, console: Console) -> None:
    """Measure memory, and add it to the results of an earlier run if there are any."""
    results = Results.read(path) if path.exists() else None
    for name, figures in measure_memory():
        shown = ", ".join(f"{key} {value:.1f} MB" for key, value in figures.items())
        console.print(f"{name}: {shown}")
        if results and name in results.medians:
            results.medians[name] |= figures
    if results:
        results.write(path)


def add_deferred(path: Path, console: Console) -> None:
    """Measure deferred jobs, and add the figures to the results of an earlier run if there are."""
    figures = measure_deferred()
    for key, value in figures.items():
        console.print(f"{NAME}: {key} {value:.2f}")
    results = Results.read(path) if path.exists() else None
    if results and NAME in results.medians:
        results.medians[NAME] |= figures
        results.write(path)


def parser() -> argparse.ArgumentParser:
    names = [contestant.name for contestant in CONTESTANTS]
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument(
        "what",
        nargs="?",
        choices=["run", "memory", "deferred", *COMPARISONS, "report"],
        default="run",
    )
    made.add_argument("--quick", action="store_true", help="one short round")
    made.add_argument("--only", action="append", default=[], choices=names, metavar="NAME")
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--json", type=Path, metavar="PATH", help="where the results are kept")
    return made


if __name__ == "__main__":
    main()
