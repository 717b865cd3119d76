"""What commands print: names and texts off the wire among it, so escaped for the terminal."""

from __future__ import annotations

import click

from samovar.support.wording import printable, printable_lines


def say(line: str, *, err: bool = False) -> None:
    """Print one line, whatever it quotes."""
    click.echo(printable(line), err=err)


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text that has lines of its own."""
    click.echo(printable_lines(text), err=err)
