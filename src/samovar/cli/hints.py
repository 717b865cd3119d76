"""What was probably meant by a command or an option that there is none of."""

from __future__ import annotations

from collections.abc import Mapping

import click

from samovar.support.wording import nearest


class Group(click.Group):
    """Commands by name, with a hint for a name that is misspelt."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            meant = nearest(args[0], self.list_commands(ctx)) if args else None
            if meant is None:
                raise
            raise click.UsageError(
                f"No such command {args[0]!r}. Did you mean {meant!r}?"
            ) from None


#: Options of other workers, and ours.
_OPTIONS: Mapping[str, str] = {
    "-t": "-c, --concurrency",
    "--threads": "-c, --concurrency",
    "-Q": "-q, --queue",
    "--queues": "-q, --queue",
    "-w": "--processes",
    "-p": "--processes",
    "--workers": "--processes",
}


class WorkerCommand(click.Command):
    """With a hint for options that other workers have."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            option = error.option_name
            if option not in _OPTIONS:
                raise
            raise click.UsageError(
                f"No such option {option}. Did you mean {_OPTIONS[option]}?", ctx
            ) from None
