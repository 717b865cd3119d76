"""samovar demo: count every Python source of this machine with jobs, from beginning to end."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click
from rich.console import Console

from samovar.demo.account import Account
from samovar.demo.outcomes import Outcomes
from samovar.demo.run import PROCESSES, Run
from samovar.demo.screen import Screen, largest_modules, noteworthy
from samovar.demo.sources import find_sources
from samovar.support.wording import counted

INTERRUPTED_STATUS = 130


@click.command("demo")
@click.option(
    "--adapter",
    type=click.Choice(["embedded", "kafka"]),
    default="embedded",
    show_default=True,
    help="The backend that the jobs go through.",
)
@click.option("--bootstrap-servers", help="Kafka's address; else what the settings say.")
@click.option("--kill", is_flag=True, help="Kill a worker with SIGKILL half way.")
@click.option(
    "--files",
    type=click.IntRange(min=1),
    default=3000,
    show_default=True,
    help="Most files to count.",
)
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False, writable=True),
    default="samovar-demo",
    show_default=True,
    help="Where the report goes.",
)
def command(
    adapter: str, bootstrap_servers: str | None, kill: bool, files: int, directory: Path
) -> None:
    """See it work: count this machine's Python files.

    Starts workers, enqueues one job per source file of the standard library and of the installed
    packages, and writes a report of their lines, tokens, functions and classes. Nothing but the
    report and the workers' log stays behind.
    """
    if bootstrap_servers and adapter != "kafka":
        raise click.UsageError("--bootstrap-servers needs --adapter kafka.")
    # A demo that gets a signal to end stops its workers too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    console = Console()
    run = Run(directory.absolute(), adapter=adapter, bootstrap_servers=bootstrap_servers)
    try:
        outcomes = _perform(run, console, files=files, kill=kill)
    except KeyboardInterrupt:
        click.echo("Interrupted: the workers have been stopped.", err=True)
        sys.exit(INTERRUPTED_STATUS)
    _conclude(outcomes, console, report=directory / run.report.name)


def _perform(run: Run, console: Console, *, files: int, kill: bool) -> Outcomes:
    with run:
        sources = find_sources(files)
        console.print(
            f"One job for each of {len(sources):,} Python files, {PROCESSES} worker processes.",
            highlight=False,
        )
        with run.workers(), Screen(console, len(sources)) as screen:
            account = Account(run, screen, sources, kill=kill)
            account.settle()
            seconds = screen.seconds
    outcomes = account.outcomes
    speed = len(outcomes) / seconds
    console.print(
        f"All {len(outcomes):,} files are accounted for after {seconds:.1f} s: {speed:.0f} jobs/s.",
        highlight=False,
    )
    return outcomes


def _conclude(outcomes: Outcomes, console: Console, *, report: Path) -> None:
    if outcomes.repeats:
        console.print(
            f"{counted(outcomes.repeats, 'job')} ran twice: "
            "their worker had no time to commit that they were done.",
            highlight=False,
        )
    for line in noteworthy(outcomes):
        console.print(line, markup=False, highlight=False, no_wrap=True, overflow="ellipsis")
    console.print(largest_modules(outcomes))
    console.print(f"The report: {report}", highlight=False, soft_wrap=True)
    click.echo(str(outcomes.totals))
