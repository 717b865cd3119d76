"""samovar recurring: the recurring tasks, when they come, and by hand."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from samovar.cli import loading
from samovar.engine.recurrence import Recurrence


def _options(function: Any) -> Any:
    config = click.option(
        "-C", "--config", type=click.Path(path_type=Path), help="The settings file."
    )
    return config(
        click.option("-e", "--environment", help="The section of the settings.")(function)
    )


_names = click.argument("names", nargs=-1, required=True, metavar="NAME...")


@click.group("recurring")
def command() -> None:
    """The recurring tasks; NAME may be "*", which is all of them."""


@command.command("list")
@_options
def list_(config: Path | None, environment: str | None) -> None:
    """Each task with its schedule, its last tick and the next one."""
    with _recurrence(config, environment) as recurrence:
        views = recurrence.views()
    for view in views:
        task = view.task
        state = f"next {_time(view.next)}" if view.enabled else "disabled"
        click.echo(
            f"{task.name}: {task.job_class.job_name}, {task.schedule}; "
            f"last {_time(view.last)}, {state}"
        )
    if not views:
        click.echo("Nothing recurs: app.recurring(...) declares a task.")


@command.command("run")
@_names
@_options
def run(names: tuple[str, ...], config: Path | None, environment: str | None) -> None:
    """Enqueue a task's job now, whatever its schedule, enabled or not."""
    with _recurrence(config, environment) as recurrence:
        for name in names:
            for job in recurrence.run(name):
                click.echo(f"Enqueued {job.job_name} ({job.job_id}).")


@command.command("enable")
@_names
@_options
def enable(names: tuple[str, ...], config: Path | None, environment: str | None) -> None:
    """Let tasks fire at their ticks again; those that have passed do not count."""
    with _recurrence(config, environment) as recurrence:
        recurrence.enable(*names)
    click.echo(f"Enabled {', '.join(names)}.")


@command.command("disable")
@_names
@_options
def disable(names: tuple[str, ...], config: Path | None, environment: str | None) -> None:
    """Let tasks fire no longer, until they are enabled; deploys and restarts change nothing."""
    with _recurrence(config, environment) as recurrence:
        recurrence.enable(*names, enabled=False)
    click.echo(f"Disabled {', '.join(names)}.")


@contextmanager
def _recurrence(config: Path | None, environment: str | None) -> Generator[Recurrence]:
    app = loading.load_user_app(loading.load_settings(config, environment))
    try:
        yield app.recurrence
    finally:
        app.close()


def _time(tick: int | None) -> str:
    return "never" if tick is None else f"{datetime.fromtimestamp(tick, UTC):%Y-%m-%d %H:%M:%S} UTC"
