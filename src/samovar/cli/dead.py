"""samovar dead: what failed for good, in whichever dead letter queue it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import click

from samovar.cli import hints, loading, screen
from samovar.errors import ArgumentError
from samovar.inspection.filters import JobFilter
from samovar.inspection.plans import Outcome
from samovar.inspection.port import MAX_PAGE, Inspector
from samovar.inspection.values import JobView, Ref
from samovar.support.wording import counted, printable

#: How many dead jobs a dry run names.
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

    WHICH is a dead letter topic (all its dead letters), the id of a job, or a place as `list`
    shows it: topic:partition:offset.
    """


@command.command("list")
@click.argument("topic", required=False)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    default=SAMPLES,
    show_default=True,
    help="Most dead letters to show.",
)
@_settings
def list_(topic: str | None, limit: int, config: Path | None, environment: str | None) -> None:
    """Show the dead letter topics, or the dead letters of TOPIC."""
    with _inspector(config, environment) as inspector:
        if topic is None:
            _show_queues(inspector)
        elif (name := inspector.dead_letter_queue(topic)) is None:
            raise click.UsageError(f"{topic!r} is no dead letter topic with dead letters in it.")
        else:
            _show_jobs(name, _dead_jobs(inspector, name), limit)


@command.command("show")
@click.argument("which")
@_settings
def show(which: str, config: Path | None, environment: str | None) -> None:
    """Show one: why it failed, its headers, its payload."""
    with _inspector(config, environment) as inspector:
        for job in islice(_named(inspector, [which]), 1):
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
    with _inspector(config, environment) as inspector:
        jobs = _chosen(inspector, which, every)
        if dry_run:
            _show_plan("put back", jobs)
        else:
            _report("Put back", _with_progress(inspector.retry(jobs), "put back"))


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
    with _inspector(config, environment) as inspector:
        jobs = _chosen(inspector, which, every)
        if dry_run:
            _show_plan("give up", jobs)
            return
        whole = [name for name in which if inspector.dead_letter_queue(name)]
        if every:
            whole = ["every dead letter"]
        if whole and not yes:
            click.confirm(f"Give up all of {', '.join(whole)} for good?", abort=True)
        _report("Gave up", _with_progress(inspector.discard(jobs), "given up"))


@contextmanager
def _inspector(config: Path | None, environment: str | None) -> Generator[Inspector, None, None]:
    app = loading.load_user_app(loading.load_settings(config, environment))
    inspector = app.inspector()
    embedded = app.settings.embedded.path
    if app.settings.queue_adapter == "embedded" and not embedded.exists():
        click.echo(f"Note: there is no log at {embedded} yet.", err=True)
    try:
        yield inspector
    finally:
        inspector.close()
        app.close()


def _chosen(inspector: Inspector, which: tuple[str, ...], every: bool) -> Iterator[JobView]:
    if every == bool(which):
        raise click.UsageError("Say which dead letters (a topic, a job's id, a place), or --all.")
    return _dead_jobs(inspector) if every else _named(inspector, which)


def _dead_jobs(inspector: Inspector, queue: str | None = None) -> Iterator[JobView]:
    """The dead jobs that are there now, page after page."""
    cursor: str | None = None
    while True:
        page = inspector.jobs(JobFilter(state="dead", queue=queue), cursor, MAX_PAGE)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _named(inspector: Inspector, which: Iterable[str]) -> Iterator[JobView]:
    """The dead jobs that these names mean, each once. A name that is not found raises before the
    first one.
    """
    queues: list[str] = []
    single: list[JobView] = []
    job_ids: set[str] = set()
    for name in which:
        if (queue := inspector.dead_letter_queue(name)) is not None:
            queues.append(queue)
        elif (job := inspector.job(Ref(name))) is None:
            job_ids.add(name)
        elif job.state == "dead":
            single.append(job)
        else:
            raise ArgumentError(f"{name}: {job.queue!r} is no dead letter topic.")
    if job_ids:
        by_id = [job for job in _dead_jobs(inspector) if job.job_id in job_ids]
        if missing := job_ids - {job.job_id for job in by_id}:
            raise ArgumentError(
                f"{', '.join(sorted(missing))}: no dead letter topic, no place "
                f"(topic:partition:offset), and no job with that id among the dead letters. "
                f"`samovar dead list` shows what is there."
            )
        single += by_id
    seen: set[Ref] = set()
    for job in (*single, *(one for queue in queues for one in _dead_jobs(inspector, queue))):
        if job.ref not in seen:
            seen.add(job.ref)
            yield job


def _show_queues(inspector: Inspector) -> None:
    queues = [queue for queue in inspector.queues("dead") if queue.counts["dead"].value]
    for queue in queues:
        count = queue.counts["dead"]
        about = "" if count.kind == "exact" else "about "
        screen.say(f"{queue.name}: {about}{counted(count.value, 'dead letter')}")
        if queue.newest is not None:
            screen.say(f"  newest: {_line(queue.newest)}")
    if not queues:
        screen.say("No dead letters.")


def _show_jobs(queue: str, jobs: Iterator[JobView], limit: int) -> None:
    for job in islice(jobs, limit):
        screen.say(_line(job))
    if more := sum(1 for _ in jobs):
        screen.say(f"... and {more:,} more in {queue} (--limit shows more).")


def _line(job: JobView) -> str:
    why = str(job.error) or "(no error is noted)"
    when = f"{job.at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{job.ref}  {when}  {job.description}  {why:.200}"


def _show(job: JobView) -> None:
    screen.say(f"place:      {job.ref}")
    screen.say(f"job:        {job.description}")
    screen.say(f"failed at:  {job.at:%Y-%m-%d %H:%M:%S} UTC")
    screen.say(f"error:      {str(job.error) or '(none is noted)'}")
    screen.say(f"key:        {_text(job.raw.key)}")
    for name, value in job.raw.headers:
        if name != "error_traceback":
            screen.say(f"header:     {printable(name)} = {_text(value)}")
    for line in job.error.traceback.splitlines():
        screen.say(line)
    if job.data is None:
        screen.say(f"payload:    {_text(job.raw.payload)}")
    else:
        for line in json.dumps(job.data, indent=2, ensure_ascii=False).splitlines():
            screen.say(line)


def _text(raw: bytes | None) -> str:
    if raw is None:
        return "(none)"
    try:
        return printable(raw.decode())
    except UnicodeDecodeError:
        return repr(raw)


def _show_plan(verb: str, jobs: Iterator[JobView]) -> None:
    count = 0
    for job in jobs:
        count += 1
        if count <= SAMPLES:
            screen.say(_line(job))
    screen.say(f"Would {verb} {counted(count, 'dead letter')}; nothing was changed.")


def _with_progress(steps: Iterable[Outcome], word: str) -> Iterator[Outcome]:
    """The same steps, with progress on a terminal."""
    so_far = 0
    for step in steps:
        so_far += len(step.done)
        if sys.stderr.isatty():
            click.echo(f"\r{so_far:,} {word} ...", nl=False, err=True)
        yield step
    if so_far and sys.stderr.isatty():
        click.echo(err=True)


def _report(verb: str, steps: Iterable[Outcome]) -> None:
    """Say what was done; exit status 1 if jobs were left."""
    done = 0
    left: list[tuple[JobView, str]] = []
    for step in steps:
        done += len(step.done)
        left += step.refused
    screen.say(f"{verb} {counted(done, 'dead letter')}.")
    for job, why in left:
        screen.say(f"Left {job.ref}: {why}", err=True)
    if left:
        sys.exit(1)
