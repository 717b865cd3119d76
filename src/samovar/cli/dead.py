"""samovar dead: what failed for good, wherever it lies."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import click

from samovar.cli import hints, loading, screen
from samovar.engine.failing.dead_job import DeadJob
from samovar.engine.failing.dead_letter_store import DeadLetterStore, Handled
from samovar.support.wording import counted, printable

#: A dry run names so many.
SAMPLES = 20


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every command has."""
    environment = click.option("-e", "--environment", help="The section of the settings.")
    config = click.option(
        "-C", "--config", type=click.Path(path_type=Path), help="The settings file."
    )
    return config(environment(command))


@click.group("dead", cls=hints.Group)
def command() -> None:
    """List, retry and discard what failed for good.

    WHICH is a dead letter topic (all its jobs), the id of a job, or a place as `list` shows
    it: topic:partition:offset.
    """


@command.command("list")
@click.argument("topic", required=False)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    default=SAMPLES,
    show_default=True,
    help="Most jobs to show.",
)
@_settings
def list_(topic: str | None, limit: int, config: Path | None, environment: str | None) -> None:
    """Show the dead letter topics, or the jobs of TOPIC."""
    with _store(config, environment) as store:
        if topic is None:
            _show_topics(store)
        elif (name := store.topic(topic)) is None:
            raise click.UsageError(f"{topic!r} is no dead letter topic with jobs in it.")
        else:
            _show_jobs(name, store.jobs(name), limit)


@command.command("show")
@click.argument("which")
@_settings
def show(which: str, config: Path | None, environment: str | None) -> None:
    """Show one: why it failed, its headers, its payload."""
    with _store(config, environment) as store:
        for job in islice(store.find([which]), 1):
            _show(job)


@command.command("retry")
@click.argument("which", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every dead letter of every topic.")
@click.option("--dry-run", is_flag=True, help="Only show what would be put back.")
@_settings
def retry(
    which: tuple[str, ...],
    every: bool,
    dry_run: bool,
    config: Path | None,
    environment: str | None,
) -> None:
    """Put dead letters back where they came from."""
    with _store(config, environment) as store:
        jobs = _chosen(store, which, every)
        if dry_run:
            _show_plan("put back", jobs)
        else:
            _report("Put back", _told(store.retry(jobs), "put back"))


@command.command("discard")
@click.argument("which", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every dead letter of every topic.")
@click.option("--dry-run", is_flag=True, help="Only show what would be given up.")
@click.option("--yes", is_flag=True, help="Do not ask before whole topics are given up.")
@_settings
def discard(
    which: tuple[str, ...],
    every: bool,
    dry_run: bool,
    yes: bool,
    config: Path | None,
    environment: str | None,
) -> None:
    """Give dead letters up for good.

    They are not shown again, and will never be performed. Whole topics are asked about first.
    """
    with _store(config, environment) as store:
        jobs = _chosen(store, which, every)
        if dry_run:
            _show_plan("give up", jobs)
            return
        whole = ["every dead letter"] if every else [n for n in which if store.topic(n)]
        if whole and not yes:
            click.confirm(f"Give up all of {', '.join(whole)} for good?", abort=True)
        _report("Gave up", _told(store.discard(jobs), "given up"))


@contextmanager
def _store(config: Path | None, environment: str | None) -> Generator[DeadLetterStore, None, None]:
    app = loading.load_user_app(loading.load_settings(config, environment))
    store = app.dead_letter_store()
    embedded = app.settings.embedded.path
    if app.settings.queue_adapter == "embedded" and not embedded.exists():
        click.echo(f"Note: there is no log at {embedded} yet.", err=True)
    try:
        yield store
    finally:
        store.close()
        app.close()


def _chosen(store: DeadLetterStore, which: tuple[str, ...], every: bool) -> Iterator[DeadJob]:
    if every == bool(which):
        raise click.UsageError("Say which dead letters (a topic, a job's id, a place), or --all.")
    return store.find(store.topics() if every else which)


def _show_topics(store: DeadLetterStore) -> None:
    summaries = [summary for summary in store.summaries() if summary.count]
    for summary in summaries:
        about = "about " if summary.is_estimate else ""
        screen.say(f"{summary.topic}: {about}{counted(summary.count, 'dead letter')}")
        if summary.newest is not None:
            screen.say(f"  newest: {_line(summary.newest)}")
    if not summaries:
        screen.say("No dead letters.")


def _show_jobs(topic: str, jobs: Iterator[DeadJob], limit: int) -> None:
    for job in islice(jobs, limit):
        screen.say(_line(job))
    if more := sum(1 for _ in jobs):
        screen.say(f"... and {more:,} more in {topic} (--limit shows more).")


def _line(job: DeadJob) -> str:
    why = job.error or "(no error is noted)"
    when = f"{job.failed_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{job.id}  {when}  {job.description}  {why:.200}"


def _show(job: DeadJob) -> None:
    screen.say(f"place:      {job.id}")
    screen.say(f"job:        {job.description}")
    screen.say(f"failed at:  {job.failed_at:%Y-%m-%d %H:%M:%S} UTC")
    screen.say(f"error:      {job.error or '(none is noted)'}")
    screen.say(f"key:        {_text(job.record.key)}")
    for name, value in job.record.headers:
        if name != "error_traceback":
            screen.say(f"header:     {printable(name)} = {_text(value)}")
    for line in job.traceback.splitlines():
        screen.say(line)
    data = job.data
    if data is None:
        screen.say(f"payload:    {_text(job.record.value)}")
    else:
        for line in json.dumps(data, indent=2, ensure_ascii=False).splitlines():
            screen.say(line)


def _text(raw: bytes | None) -> str:
    if raw is None:
        return "(none)"
    try:
        return printable(raw.decode())
    except UnicodeDecodeError:
        return repr(raw)


def _show_plan(verb: str, jobs: Iterator[DeadJob]) -> None:
    count = 0
    for job in jobs:
        count += 1
        if count <= SAMPLES:
            screen.say(_line(job))
    screen.say(f"Would {verb} {counted(count, 'dead letter')}; nothing was changed.")


def _told(steps: Iterable[Handled], word: str) -> Iterator[Handled]:
    """The same, with progress on a terminal."""
    so_far = 0
    for step in steps:
        so_far += len(step.done)
        if sys.stderr.isatty():
            click.echo(f"\r{so_far:,} {word} ...", nl=False, err=True)
        yield step
    if so_far and sys.stderr.isatty():
        click.echo(err=True)


def _report(verb: str, steps: Iterable[Handled]) -> None:
    """Say what was done; exit status 1 if jobs were left."""
    done = 0
    left: list[Any] = []
    for step in steps:
        done += len(step.done)
        left += step.left
    screen.say(f"{verb} {counted(done, 'dead letter')}.")
    for job, why in left:
        screen.say(f"Left {job.id}: {why}", err=True)
    if left:
        sys.exit(1)
