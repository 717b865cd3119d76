"""samovar generate: a new job and its test, where the project keeps them."""

from __future__ import annotations

from pathlib import Path

import click

from samovar.cli import hints, loading
from samovar.cli.scaffold.fields import fields
from samovar.cli.scaffold.layout import Layout, find_layout
from samovar.cli.scaffold.names import job_name
from samovar.cli.scaffold.plan import Plan, plan
from samovar.errors import ArgumentError
from samovar.settings import Settings


@click.group("generate", cls=hints.Group)
def command() -> None:
    """Write new files for your project."""


@command.command("job")
@click.argument("name")
@click.argument("parameters", metavar="[NAME:TYPE]...", nargs=-1)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="The package that the job goes to; else it is looked for.",
)
@click.option("-q", "--queue", default="default", show_default=True, help="The queue of the job.")
@click.option("-f", "--force", is_flag=True, help="Replace what is there.")
@click.option("-C", "--config", type=click.Path(path_type=Path), help="The settings file.")
@click.option("-e", "--environment", help="The section of the settings.")
def job(
    name: str,
    parameters: tuple[str, ...],
    directory: Path | None,
    queue: str,
    force: bool,
    config: Path | None,
    environment: str | None,
) -> None:
    """Write a job and its test.

    NAME is ProcessPayment, process_payment or Billing::Charge. Then come the parameters of
    perform with their types, in Python's words or Ruby's: order_id:int method:string
    """
    wanted, given = job_name(name), fields(parameters)
    if not queue.strip():
        raise ArgumentError("--queue is blank; expected the name of a queue.")
    settings = loading.load_settings(config, environment)
    layout = find_layout(Path.cwd(), chosen=directory, app=settings.app, imports=settings.imports)
    planned = plan(layout, wanted, given, queue=queue)
    if planned.replaced and not force:
        raise ArgumentError(
            f"There is {' and '.join(planned.replaced)} already: nothing was written. "
            f"--force replaces it."
        )
    _write(planned)
    _tell_what_is_left(planned, layout, settings)


def _write(planned: Plan) -> None:
    for path, text in planned.texts.items():
        if not path.exists():
            click.echo(f"Created {_shown(path)}")
        elif path.read_text(encoding="utf-8") != text:
            is_replaced = str(path) in planned.replaced
            click.echo(f"{'Replaced' if is_replaced else 'Changed'} {_shown(path)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _tell_what_is_left(planned: Plan, layout: Layout, settings: Settings) -> None:
    needed = layout.home if planned.is_reached else planned.module
    is_imported = needed in settings.imports or (settings.app and planned.is_reached)
    if not is_imported:
        file = _shown(settings.source) if settings.source else "[default] of samovar.toml"
        names = ", ".join(f'"{module}"' for module in (*settings.imports, needed))
        click.echo(f"Let workers know it: set imports = [{names}] in {file}.")
    if layout.sources != layout.root and not layout.is_importable():
        click.echo(f"Let the test import {layout.own}: install the project, pip install -e .")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
