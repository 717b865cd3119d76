"""The port of a backend: what an application asks of that which holds and performs its jobs.

Read `Backend` first. `samovar/backends.py` finds the function that opens each, by name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from samovar.job.queue_adapter import QueueAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What kind of backend it is; known without opening anything."""

    #: Whether `samovar worker` can perform its jobs.
    performs: bool
    #: Whether it is a log: topics, partitions, `app.producer`, `samovar topics` and `samovar dead`.
    is_log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a backend is opened with."""

    #: The backend's name, as in `queue_adapter`.
    name: str
    #: All settings: a `samovar.settings.Settings`.
    settings: Any
    #: What the application declares: routes, topics in which jobs wait, recurring tasks.
    routes: Any
    scheduling: Any
    tasks: Any
    #: Whether the process is ending.
    stopping: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """What a worker is to do."""

    #: Logical names of the queues; none: those that the backend serves by default.
    queues: Sequence[str] = ()
    #: What the options chose of the routes, for logs.
    choice: Any = None
    #: Tells this process from others with the same settings.
    member: str = ""
    #: Called, in any thread, when the worker cannot go on; by default it stops by itself.
    on_critical: Callable[[], None] | None = None
    #: What jobs look at that can end early; the worker sets it when it stops.
    stopping: threading.Event


class Worker(Protocol):
    """Performs jobs until it is stopped."""

    #: Why it could not go on; None if nothing was wrong.
    failure: BaseException | None

    def start(self) -> None:
        """Begin to work; returns at once."""
        ...

    def quiet(self) -> None:
        """Begin no further job."""
        ...

    def stop(self) -> bool:
        """End in order; whether all ended within `worker.shutdown_timeout`."""
        ...

    def running(self) -> tuple[str, ...]:
        """The jobs that run now, in words."""
        ...


class Backend(Protocol):
    """One backend, open. Any thread may use it."""

    @property
    def name(self) -> str:
        """As in `queue_adapter`."""
        ...

    @property
    def traits(self) -> Traits:
        """What kind of backend it is."""
        ...

    def adapter(self) -> QueueAdapter:
        """What takes jobs. Called once."""
        ...

    def worker(self, order: WorkOrder) -> Worker:
        """What performs them.

        Raises:
            ConfigurationError: it cannot; every fault at once.
        """
        ...

    def faults(self, *, performs: bool, order: WorkOrder | None = None) -> list[str]:
        """What of all that is declared it cannot do. `performs`: jobs are performed here, as
        `order` says if it is given.
        """
        ...

    def summary(self) -> list[str]:
        """What a worker says at its start: where the jobs are."""
        ...

    def deliver_each(self) -> None:
        """Wait for each job that is enqueued from now on: the process is ending."""
        ...

    def flush(self, timeout: float) -> int:
        """Deliver what is on its way; how many jobs and messages were not delivered in time."""
        ...

    def close(self, timeout: float) -> int:
        """The same, and let go."""
        ...
