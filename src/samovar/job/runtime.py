"""What the job wing knows of the application around it: its settings and its adapters.

An `App` installs itself here. Until then the first use asks `resolver`, which finds the
application by the settings: a web process or a script needs no set-up call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

from samovar.errors import ArgumentError, ConfigurationError
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.settings import JobSettings


class Runtime(Protocol):
    """The application, as far as jobs are concerned."""

    @property
    def job_settings(self) -> JobSettings:
        """Names, defaults, prefix."""
        ...

    def adapter(self, name: str | None = None) -> QueueAdapter:
        """The adapter of that name, made once; None is the configured one."""
        ...


_lock = threading.RLock()
#: What was installed, and what it is seen as: itself, or what stands in for it.
_application: Runtime | None = None
_installed: Runtime | None = None
_stand_in: Callable[[Runtime], Runtime] | None = None
_resolver: Callable[[], Runtime] | None = None
#: Types whose objects were seen to be adapters.
_adapter_types: set[type] = set()


def install(runtime: Runtime | None) -> None:
    """Make this the application of the process (None forgets it)."""
    global _application, _installed
    _application = runtime
    _installed = _stand_in(runtime) if _stand_in and runtime else runtime


@contextmanager
def seen_as(stand_in: Callable[[Runtime], Runtime]) -> Generator[None, None, None]:
    """Let something stand in for the application of a block, whichever that is: the one that is
    installed, or will be during the block.
    """
    global _stand_in
    before = _stand_in
    _stand_in = stand_in if before is None else lambda runtime: stand_in(before(runtime))
    install(_application)
    try:
        yield
    finally:
        _stand_in = before
        install(_application)


def resolve_with(resolver: Callable[[], Runtime]) -> None:
    """Whom to ask at the first use when nothing was installed."""
    global _resolver
    _resolver = resolver


def installed() -> Runtime | None:
    """The application of this process, if it has one already."""
    return _application


def current() -> Runtime:
    """The application of this process, found at the first call."""
    return _installed or _resolve()


def adapter_for(chosen: str | QueueAdapter | None) -> QueueAdapter:
    """The adapter that a job class chose: by name, as an object, or (None) the configured one.

    Raises:
        ArgumentError: it is no adapter.
    """
    if chosen is None or isinstance(chosen, str):
        return (_installed or _resolve()).adapter(chosen)
    if type(chosen) in _adapter_types or _is_adapter(chosen):
        return chosen
    raise ArgumentError(
        f"queue_adapter is {chosen!r}; expected the name of an adapter or an object with "
        f"enqueue, enqueue_all, stopping and close."
    )


def _is_adapter(chosen: object) -> bool:
    """Asking a Protocol costs more than all the rest of an enqueue: each type is asked once."""
    if isinstance(chosen, QueueAdapter):
        _adapter_types.add(type(chosen))
        return True
    return False


def _resolve() -> Runtime:
    with _lock:
        if _installed is None:
            if _resolver is None:
                raise ConfigurationError("No application is installed: import samovar first.")
            install(_resolver())
        assert _installed is not None
        return _installed
