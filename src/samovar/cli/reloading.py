"""`samovar worker --reload`: a worker that starts anew whenever code or settings change."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from samovar.errors import ConfigurationError
from samovar.processes.supervisor import KILL_MARGIN_SECONDS
from samovar.settings import Settings

_OPTION = "--reload"


def run(settings: Settings, arguments: Sequence[str]) -> None:
    """Run the worker that these arguments start, again and again; returns when asked to stop.

    Raises:
        ConfigurationError: the watcher is not installed.
    """
    watchfiles = _watchfiles()
    places = {Path.cwd()}
    if settings.source is not None:
        places.add(settings.source.parent)
    command = [sys.executable, "-m", "samovar", *(a for a in arguments if a != _OPTION)]
    click.echo(f"Watching {', '.join(sorted(map(str, places)))} for changes.")
    watchfiles.run_process(
        *places,
        target=shlex.join(command),
        target_type="command",
        watch_filter=watchfiles.PythonFilter(extra_extensions=[".toml"]),
        # A job that runs is given the time that it has when a worker stops.
        sigint_timeout=int(settings.worker.shutdown_timeout + KILL_MARGIN_SECONDS),
    )


def _watchfiles() -> Any:
    # Only who develops needs it.
    try:
        import watchfiles
    except ImportError as error:
        raise ConfigurationError(
            f"{_OPTION} needs watchfiles: pip install 'samovar[dev]'."
        ) from error
    return watchfiles
