"""Put a test adapter in the place of the application's adapter, and a log in memory in the place of
its log for messages, for the time of a test.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from samovar.engine.producing.outlet import sent_to
from samovar.job import runtime
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.runtime import Runtime
from samovar.job.settings import JobSettings
from samovar.job.state import JOB_CLASSES, JobState
from samovar.queue_adapters.test import TestAdapter
from samovar.testing.assertions import JobAssertions
from samovar.testing.consuming import RecordedLog


@contextmanager
def recorded_jobs(
    adapter: QueueAdapter | str | None = None,
) -> Generator[JobAssertions, None, None]:
    """Record jobs instead of enqueuing them, and messages instead of sending them, until the block
    ends.

        with samovar.testing.recorded_jobs() as jobs:
            checkout(order)
            jobs.assert_enqueued_jobs(1, only=ProcessPaymentJob)

    Classes that name no `queue_adapter` get a fresh `TestAdapter`; the `queue_adapter` of the
    settings does not count as named. Given an `adapter` (an object, or a name), every class gets
    that one, also those that name their own.

    Raises:
        ArgumentError: `adapter` is none.
        ConfigurationError: the application of the tests cannot be found or is set up wrongly.
    """
    with ExitStack() as stack:
        is_for_all = adapter is not None
        chosen = runtime.adapter_for(adapter) if is_for_all else TestAdapter()
        if is_for_all:
            stack.enter_context(_without_adapter_objects())
        stack.enter_context(
            runtime.seen_as(lambda app: _TestRuntime(app, chosen, is_for_all=is_for_all))
        )
        stack.enter_context(sent_to(RecordedLog()))
        yield JobAssertions()


class _TestRuntime:
    """The application with another adapter."""

    def __init__(self, application: Runtime, adapter: QueueAdapter, *, is_for_all: bool) -> None:
        self._application = application
        self._adapter = adapter
        self._is_for_all = is_for_all

    @property
    def job_settings(self) -> JobSettings:
        return self._application.job_settings

    def adapter(self, name: str | None = None) -> QueueAdapter:
        if name is None or self._is_for_all or name == "test":
            return self._adapter
        return self._application.adapter(name)


@contextmanager
def _without_adapter_objects() -> Generator[None, None, None]:
    """Adapters that classes hold as objects step aside; names are looked up in the runtime."""
    kept: list[tuple[type[JobState], QueueAdapter]] = []
    for cls in {base for _, job_class in JOB_CLASSES for base in job_class.__mro__}:
        chosen = cls.__dict__.get("queue_adapter")
        if issubclass(cls, JobState) and chosen is not None and not isinstance(chosen, str):
            kept.append((cls, chosen))
            cls.queue_adapter = None
    try:
        yield
    finally:
        for cls, chosen in kept:
            cls.queue_adapter = chosen
