"""samovar <command>: parse, then call the command's own file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from samovar.cli import hints, screen
from samovar.errors import SamovarError


class _Commands(hints.Group):
    """Commands by name; each is imported when it is asked for, so that a worker starts fast."""

    _MODULES = ("dead", "demo", "generate", "recurring", "topics", "worker")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._MODULES:
            return None
        # A command's imports (rich, the engine) are its own cost.
        from importlib import import_module

        return import_module(f"samovar.cli.{cmd_name}").command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="samovar", prog_name="samovar")
def cli() -> None:
    """Samovar: Active Job for Python."""


def main(arguments: Sequence[str] | None = None) -> Any:
    """Run a command; errors of ours are one clear message and exit status 1."""
    try:
        return cli.main(args=None if arguments is None else list(arguments), prog_name="samovar")
    except SamovarError as error:
        screen.say_lines(f"samovar: {error}", err=True)
        sys.exit(1)
