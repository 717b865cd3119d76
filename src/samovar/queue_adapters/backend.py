"""The backend of an adapter that holds nothing which another process could perform."""

from __future__ import annotations

from samovar.backend import Declared, Traits, WorkOrder
from samovar.errors import ConfigurationError
from samovar.job.queue_adapter import QueueAdapter
from samovar.queue_adapters.async_pool import AsyncAdapter
from samovar.queue_adapters.inline import InlineAdapter
from samovar.queue_adapters.test import TestAdapter


class AdapterBackend:
    """A `Backend` that takes jobs, and has no worker."""

    traits = Traits(performs=False)

    def __init__(self, name: str, adapter: QueueAdapter) -> None:
        self.name = name
        self._adapter = adapter

    def adapter(self) -> QueueAdapter:
        """See the port."""
        return self._adapter

    def worker(self, order: WorkOrder) -> None:
        """See the port."""
        raise ConfigurationError(self.faults(performs=True, order=order))

    def faults(self, *, performs: bool, order: WorkOrder | None = None) -> list[str]:
        """See the port."""
        if not performs:
            return []
        return [
            f"queue_adapter is {self.name!r}, which has no worker: it performs its jobs itself, or "
            "records them; expected 'embedded' or 'kafka'."
        ]

    def summary(self) -> list[str]:
        """See the port."""
        return []

    def deliver_each(self) -> None:
        """Nothing is on its way elsewhere."""

    def flush(self, timeout: float) -> int:
        """Nothing is on its way elsewhere."""
        return 0

    def close(self, timeout: float) -> int:
        """See the port."""
        return self._adapter.close(timeout)


def open_async(declared: Declared) -> AdapterBackend:
    """Jobs are performed by threads of this process."""
    return AdapterBackend(declared.name, AsyncAdapter())


def open_inline(declared: Declared) -> AdapterBackend:
    """Jobs are performed at once, by the caller."""
    return AdapterBackend(declared.name, InlineAdapter())


def open_test(declared: Declared) -> AdapterBackend:
    """Jobs are recorded."""
    return AdapterBackend(declared.name, TestAdapter())
