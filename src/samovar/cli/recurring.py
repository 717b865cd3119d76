"""samovar recurring: the recurring tasks, when they come, and by hand."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from samovar.cli import hints, loading, screen
from samovar.engine.recurring.recurrence import Recurrence


def _options(function: Any) -> Any:
    config = click.option(
        "-C", "--config", type=click.Path(path_type=Path), help="The settings file."
    )
    return config(
        click.option("-e", "--environment", help="The section of the settings.")(function)
    )


_names = click.argument("names", nargs=-1, required=True, metavar="NAME...")


@click.group("recurring", cls=hints.Group)
def command() -> None:
    """List, run and switch what recurs.

    NAME may be "*", which is all of them.
    """


@command.command("list")
@_options
def list_(config: Path | None, environment: str | None) -> None:
    """Show each task with its schedule, and its next tick.

    It is dealt with until the last tick that was fired or, while it was new or disabled, passed
    over.
    """
    with _recurrence(config, environment) as recurrence:
        views = recurrence.views()
    for view in views:
        task = view.task
        past = "new" if view.last is None else f"dealt with until {_time(view.last)}"
        state = f"next {_time(view.next)}" if view.enabled else "disabled"
        screen.say(f"{task.name}: {task.job_class.job_name}, {task.schedule}; {past}, {state}")
    if not views:
        screen.say("Nothing recurs: app.recurring(...) declares a task.")


@command.command("run")
@_names
@_options
def run(names: tuple[str, ...], config: Path | None, environment: str | None) -> None:
    """Enqueue a task's job now, enabled or not."""
    with _recurrence(config, environment) as recurrence:
        for name in names:
            for job in recurrence.run(name):
                screen.say(f"Enqueued {job.job_name} ({job.job_id}).")


@command.command("enable")
@_names
@_options
def enable(names: tuple[str, ...], config: Path | None, environment: str | None) -> None:
    """Let tasks fire again.

    Ticks that have passed do not count.
    """
    with _recurrence(config, environment) as recurrence:
        recurrence.enable(*names)
    screen.say(f"Enabled {', '.join(names)}.")


@command.command("disable")
@_names
@_options
def disable(names: tuple[str, ...], config: Path | None, environment: str | None) -> None:
    """Let tasks fire no longer, until they are enabled.

    Deploys and restarts change nothing about that.
    """
    with _recurrence(config, environment) as recurrence:
        recurrence.enable(*names, enabled=False)
    screen.say(f"Disabled {', '.join(names)}.")


@contextmanager
def _recurrence(config: Path | None, environment: str | None) -> Generator[Recurrence]:
    app = loading.load_user_app(loading.load_settings(config, environment))
    try:
        yield app.recurrence
    finally:
        app.close()


def _time(tick: int | None) -> str:
    return "never" if tick is None else f"{datetime.fromtimestamp(tick, UTC):%Y-%m-%d %H:%M:%S} UTC"
