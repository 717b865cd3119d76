"""Which backend lives where: the only door through which code is loaded by name.

A backend's module, and the library it needs, are imported when the backend is first used.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from samovar.backend import Backend, Declared
from samovar.errors import ConfigurationError
from samovar.support.home import module_file

#: Logs: a function of (settings, commit interval in seconds) that gives a `Broker`.
_BROKERS = {
    "embedded": "samovar.broker.embedded.broker:open_broker",
    "kafka": "samovar.broker.kafka.broker:open_broker",
}
#: What Samovar brings: a function of `backend.Declared` that gives a `Backend`.
_BACKENDS = {
    "embedded": "samovar.log_backend:open_backend",
    "kafka": "samovar.log_backend:open_backend",
    "inline": "samovar.queue_adapters.backend:open_inline",
    "async": "samovar.queue_adapters.backend:open_async",
    "test": "samovar.queue_adapters.backend:open_test",
}
#: The names of these.
OWN = tuple(_BACKENDS)
#: What other packages bring: entry points of this group, each such a function.
GROUP = "samovar.backends"
#: Adapters of Ruby's runners, and the version that is to bring them.
_PLANNED = {"sidekiq": "0.2", "resque": "0.2", "solid_queue": "0.3", "delayed_job": "0.3"}
#: Libraries that a backend needs, and the extra that brings them.
_EXTRAS = {"confluent_kafka": "kafka"}


def is_known(name: str) -> bool:
    """Whether there is a backend of that name."""
    return name in _BACKENDS or name in _others()


def names() -> list[str]:
    """The names of all backends: Samovar's own, then those of other packages."""
    return [*OWN, *sorted(_others().keys() - _BACKENDS.keys())]


def opener(name: str) -> Callable[[Declared], Backend]:
    """The function that opens this backend.

    Raises:
        ConfigurationError: there is no such backend, or what it needs is not installed.
    """
    if name not in _BACKENDS and (found := _others().get(name)) is not None:
        return found.load()
    return _load(name, _BACKENDS)


def planned(name: object) -> str:
    """That this adapter is yet to come, and when; nothing for any other name."""
    version = _PLANNED.get(name) if isinstance(name, str) else None
    return "" if version is None else f"{name} is planned for version {version}."


def broker(name: str) -> Callable[..., Any]:
    """The function that opens this log.

    Raises:
        ConfigurationError: there is no such log, or what it needs is not installed.
    """
    return _load(name, _BROKERS)


def import_object(path: str) -> Any:
    """What ``module:name`` points at.

    Raises:
        ConfigurationError: the module cannot be found, or has no such name.
    """
    module_name, _, name = path.partition(":")
    module = import_module(module_name)
    try:
        return getattr(module, name)
    except AttributeError:
        raise ConfigurationError(
            f"The module {module_name!r} has no {name!r} (wanted: {path!r})."
        ) from None


def import_module(name: str) -> Any:
    """A module of the user's, by its dotted name.

    Raises:
        ConfigurationError: there is none, or it ends the program. Errors inside the module leave
            as they are.
    """
    try:
        return _main_as(name) or importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise ConfigurationError(
            f"There is no module {error.name!r} (wanted: {name!r}). It is looked for in the "
            f"directory of the settings file and in what is installed; `samovar` commands look in "
            f"the working directory too."
        ) from error
    except SystemExit as error:
        raise ConfigurationError(
            f"The module {name!r} ended the program while it was imported, with the status "
            f"{error.code!r} ({_where_from(error)}). What only a script does goes below "
            f'`if __name__ == "__main__":`.'
        ) from error


def _main_as(name: str) -> ModuleType | None:
    """The program that runs, if that is the module's own file: it must not run a second time."""
    file = module_file("__main__")
    if file is None or name in sys.modules:
        return None
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != file.resolve():
        return None
    main = sys.modules["__main__"]
    if name in sys.modules:  # looking for it imports the packages that it is in
        return None
    sys.modules[name] = main
    package, _, own = name.rpartition(".")
    if package:
        setattr(sys.modules[package], own, main)
    return main


def _where_from(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}, line {frame.lineno}"


@cache
def _others() -> dict[str, importlib.metadata.EntryPoint]:
    return {found.name: found for found in importlib.metadata.entry_points(group=GROUP)}


def _load(name: str, known: dict[str, str]) -> Any:
    path = known.get(name)
    if path is None:
        raise ConfigurationError(
            f"There is no adapter {name!r}; expected one of "
            f"{', '.join(names())}. {planned(name)}".rstrip()
        )
    module_name, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "")
        if extra is None:
            raise
        raise ConfigurationError(
            f"The adapter {name!r} needs {error.name}: pip install 'samovar[{extra}]'."
        ) from error
