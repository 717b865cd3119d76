"""samovar topics: the declared topics, against what the broker has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click

from samovar.app import App
from samovar.cli import hints, loading, screen
from samovar.engine.topics.alignment import Alignment, Change, Configure, Create, Delete, Grow, Plan
from samovar.support.wording import counted

#: With --detailed-exitcode: something was changed, or would be.
CHANGES_STATUS = 2
#: What must be typed before topics are deleted.
WORD = "delete"
_NONE = "no topic is declared; app.job_topic(...) and app.topic(...) declare them"


@click.group("topics", cls=hints.Group)
def command() -> None:
    """Make, change and delete declared topics.

    No others are ever touched.
    """


def _options(function: Callable[..., None]) -> Callable[..., None]:
    """What every command here takes."""
    for option in (
        click.option("--detailed-exitcode", is_flag=True, help="Status 2 when there are changes."),
        click.option("-e", "--environment", help="The section of the settings."),
        click.option("-C", "--config", type=click.Path(path_type=Path), help="The settings file."),
    ):
        function = option(function)
    return function


_dry_run = click.option("--dry-run", is_flag=True, help="Only show what would be done.")


@command.command("plan")
@_options
def plan(config: Path | None, environment: str | None, detailed_exitcode: bool) -> None:
    """Show what `migrate` would do; change nothing."""
    with _application(config, environment) as app:
        alignment = app.alignment()
        _work_through(alignment, alignment.plan(), is_dry=True, detailed=detailed_exitcode)


@command.command("create")
@_dry_run
@_options
def create(
    config: Path | None, environment: str | None, detailed_exitcode: bool, dry_run: bool
) -> None:
    """Create the declared topics that are missing.

    What exists is left as it is.
    """
    with _application(config, environment) as app:
        alignment = app.alignment()
        missing = [change for change in alignment.plan().changes if isinstance(change, Create)]
        _work_through(
            alignment,
            Plan(changes=missing),
            is_dry=dry_run,
            detailed=detailed_exitcode,
            at_rest="every declared topic is there",
        )


@command.command("migrate")
@_dry_run
@_options
def migrate(
    config: Path | None, environment: str | None, detailed_exitcode: bool, dry_run: bool
) -> None:
    """Create topics, add partitions, align settings.

    Deletes nothing.
    """
    with _application(config, environment) as app:
        alignment = app.alignment()
        _work_through(alignment, alignment.plan(), is_dry=dry_run, detailed=detailed_exitcode)


@command.command("delete")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_dry_run
@_options
def delete(
    config: Path | None,
    environment: str | None,
    detailed_exitcode: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete every declared topic with all its jobs.

    Dead letter topics go too, and so do the topics of scheduled and recurring jobs; what a
    pattern finds stays.
    """
    with _application(config, environment) as app:
        alignment = app.alignment()
        plan = alignment.plan_deletion()
        if plan.changes and not dry_run and not yes:
            _ask(plan)
        _work_through(
            alignment,
            plan,
            is_dry=dry_run,
            detailed=detailed_exitcode,
            at_rest="no declared topic is there",
        )


@contextmanager
def _application(config: Path | None, environment: str | None) -> Generator[App, None, None]:
    app = loading.load_user_app(loading.load_settings(config, environment))
    try:
        yield app
    finally:
        app.close()


def _ask(plan: Plan) -> None:
    """Go on only when the word was typed."""
    for change in plan.changes:
        screen.say(f"- {change.topic}")
    typed = click.prompt(
        f"{counted(len(plan.changes), 'topic')} and every job in them will be gone. "
        f"Type {WORD!r} to go on",
        default="",
        show_default=False,
    )
    if typed != WORD:
        raise click.ClickException("Nothing was deleted.")


def _work_through(
    alignment: Alignment,
    plan: Plan,
    *,
    is_dry: bool,
    detailed: bool,
    at_rest: str = "every declared topic is as declared",
) -> None:
    """`at_rest` is said when there is nothing to do."""
    for note in plan.notes:
        screen.say(f"Note: {note}")
    total = len(plan.changes)
    for number, change in enumerate(plan.changes, 1):
        if not is_dry:
            alignment.carry_out(change)
        screen.say(f"[{number}/{total}] {'Would ' if is_dry else ''}{_told(change, is_dry)}.")
    if not total:
        screen.say(f"Nothing to do: {_NONE if alignment.is_empty else at_rest}.")
    elif is_dry:
        screen.say("Nothing was changed.")
    if total and detailed:
        sys.exit(CHANGES_STATUS)


def _told(change: Change, is_dry: bool) -> str:
    """What is or was done: the verb in the form that fits."""
    match change:
        case Create(spec=spec):
            verb = "create" if is_dry else "Created"
            return f"{verb} {spec.name} with {counted(spec.partitions, 'partition')}"
        case Grow():
            verb = "raise" if is_dry else "Raised"
            return f"{verb} {change.topic} from {change.before} to {change.after} partitions"
        case Configure():
            verb = "set" if is_dry else "Set"
            before = "unknown to the broker" if change.before is None else f"now {change.before}"
            was = before if is_dry else before.replace("now", "was")
            return f"{verb} {change.name} of {change.topic} to {change.after} ({was})"
        case Delete():
            return f"{'delete' if is_dry else 'Deleted'} {change.topic}"
