"""What every command does first: settings from the options, the working directory on the path."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from samovar.app import App
from samovar.loading import load_app
from samovar.monitoring.json_lines import JsonLines
from samovar.settings import CommandLine, Settings, load, obey
from samovar.support.trust import others_may_write


def load_settings(
    file: Path | None = None, environment: str | None = None, **overrides: Any
) -> Settings:
    """The settings in force, with the command's own options over them."""
    given = {name: value for name, value in overrides.items() if value not in (None, {})}
    obey(CommandLine(environment=environment, file=file, directory=Path.cwd(), overrides=given))
    return load()


def load_user_app(settings: Settings) -> App:
    """The user's application; its modules are looked for in the working directory first, then
    beside the settings file. The log goes on, whatever they do to logging.
    """
    places = [Path.cwd()]
    if settings.source is not None and not others_may_write(settings.source.parent):
        places.append(settings.source.parent)
    for place in reversed(places):
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
    app = load_app(settings)
    if not logging.getLogger("samovar").hasHandlers():
        logging.getLogger().addHandler(_HANDLER)
    return app


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write the log to standard error, unless the application has set up logging itself."""
    if not logging.getLogger().handlers:
        _HANDLER.setStream(sys.stderr)
        logging.basicConfig(
            level=level,
            handlers=[_HANDLER],
            format="%(asctime)s %(process)d %(levelname)s %(message)s",
        )
    logging.getLogger("samovar").setLevel(level)


def log_as_json() -> None:
    """Write what `log_to_stderr` writes as JSON, an object a line, from now on."""
    _HANDLER.setFormatter(JsonLines())


_HANDLER = logging.StreamHandler()
