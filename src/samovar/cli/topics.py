"""samovar topics: the declared topics, against what the broker has."""

from __future__ import annotations

from pathlib import Path

import click

from samovar.cli import loading


@click.group("topics")
def command() -> None:
    """The topics that the routes declare."""


@command.command("create")
@click.option("-C", "--config", type=click.Path(path_type=Path), help="The settings file.")
@click.option("-e", "--environment", help="The section of the settings.")
def create(config: Path | None, environment: str | None) -> None:
    """Create the declared topics that are missing; what exists is left as it is."""
    app = loading.load_user_app(loading.load_settings(config, environment))
    try:
        created = app.create_topics()
    finally:
        app.close()
    for name in created:
        click.echo(f"Created {name}.")
    if not created:
        click.echo("Nothing to create: every declared topic is there.")
