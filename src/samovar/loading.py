"""Find the user's application: by the settings' `app`, else one made of the settings alone."""

from __future__ import annotations

import sys
from pathlib import Path

from samovar import backends
from samovar.app import App
from samovar.errors import ConfigurationError
from samovar.settings import Settings, load
from samovar.support.trust import others_may_write


def load_app(settings: Settings | None = None) -> App:
    """The application of this process, its job modules imported.

    Raises:
        ConfigurationError: the settings are wrong, or `app` and `imports` name nothing.
    """
    settings = settings if settings is not None else load()
    _look_beside(settings.source)
    app = _app_of(settings)
    for module in settings.imports:
        backends.import_module(module)
    app.check()
    return app


def _look_beside(file: Path | None) -> None:
    """Let modules be found beside the settings file, unless anybody may put some there."""
    if file is not None and str(file.parent) not in sys.path and not others_may_write(file.parent):
        sys.path.append(str(file.parent))


def _app_of(settings: Settings) -> App:
    if settings.app is None:
        return App(settings=settings)
    app = backends.import_object(settings.app)
    if not isinstance(app, App):
        raise ConfigurationError(f"app = {settings.app!r} is {app!r}; expected a samovar.App.")
    return app
