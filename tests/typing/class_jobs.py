# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What type checkers say to the verbs of job classes. Read by pyright and mypy, never run.

A line that must not pass says what each of them reports; an ignore without an error is one too.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, assert_type

import samovar
from samovar import Job


class ChargeJob(Job):
    queue_as = "payments"
    priority = 10

    def perform(self, order: int, method: str = "card", *, retries: int = 0) -> float:
        return order / 2


class LargeChargeJob(ChargeJob):
    """Inherits `perform`."""


class NamedChargeJob(ChargeJob):
    def perform(self, order: int, method: str = "card", *, retries: int = 0, name: str = "") -> int:
        return order


class FetchJob(Job):
    async def perform(self, url: str) -> bytes:
        return url.encode()


class AnythingJob(Job):
    def perform(self, *args: Any, **kwargs: Any) -> str:
        return ""


class SizedJob(Job):
    """Has an `__init__` of its own."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.size = len(path)

    def perform(self, path: str) -> None: ...


def later() -> None:
    assert_type(ChargeJob.perform_later(1, "card", retries=2), ChargeJob | Any)
    assert_type(LargeChargeJob.perform_later(1), LargeChargeJob | Any)
    assert_type(NamedChargeJob.perform_later(1, name="x"), NamedChargeJob | Any)
    assert_type(FetchJob.perform_later("url"), FetchJob | Any)
    assert_type(AnythingJob.perform_later(1, some=2), AnythingJob | Any)
    ChargeJob.perform_later("1")  # type: ignore[arg-type]
    ChargeJob.perform_later()  # type: ignore[call-arg]
    ChargeJob.perform_later(1, 2)  # type: ignore[arg-type]
    ChargeJob.perform_later(1, name="x")  # type: ignore[call-arg]
    ChargeJob.perform_later(1, "card", 3)  # type: ignore[call-arg]
    LargeChargeJob.perform_later("1")  # type: ignore[arg-type]
    NamedChargeJob.perform_later(1, name=1)  # type: ignore[arg-type]
    FetchJob.perform_later(1)  # type: ignore[arg-type]


def now() -> None:
    assert_type(ChargeJob.perform_now(1), float)
    assert_type(LargeChargeJob.perform_now(1), float)
    assert_type(NamedChargeJob.perform_now(1, name="x"), int)
    assert_type(FetchJob.perform_now("url"), bytes)
    assert_type(AnythingJob.perform_now(), str)
    ChargeJob.perform_now("1")  # type: ignore[arg-type]
    FetchJob.perform_now()  # type: ignore[call-arg]


def with_options() -> None:
    chosen = ChargeJob.set(wait=timedelta(hours=1), queue="high", priority=5)
    assert_type(chosen.perform_later(1, "card", retries=2), ChargeJob | Any)
    assert_type(chosen.perform_now(1), float)
    assert_type(FetchJob.set(wait=1.5).perform_now("url"), bytes)
    assert_type(
        LargeChargeJob.set(wait_until=datetime.now(UTC)).perform_later(1),
        LargeChargeJob | Any,
    )
    chosen.perform_later("1")  # type: ignore[arg-type]
    chosen.perform_now()  # type: ignore[call-arg]
    FetchJob.set(queue="q").perform_later(1)  # type: ignore[arg-type]
    ChargeJob.set(wait="1 h")  # type: ignore[arg-type]
    ChargeJob.set(delay=1)  # type: ignore[call-arg]


async def on_a_loop() -> None:
    assert_type(await ChargeJob.aperform_later(1), ChargeJob | Any)
    assert_type(await FetchJob.aperform_later("url"), FetchJob | Any)
    assert_type(await ChargeJob.aperform_now(1), float)
    assert_type(await FetchJob.aperform_now("url"), bytes)
    assert_type(await ChargeJob.set(wait=1).aperform_later(1), ChargeJob | Any)
    assert_type(await FetchJob.set(queue="q").aperform_now("url"), bytes)
    await ChargeJob.aperform_later("1")  # type: ignore[arg-type]
    await FetchJob.aperform_now(1)  # type: ignore[arg-type]
    await FetchJob.set(wait=1).aperform_now(1)  # type: ignore[arg-type]


def jobs() -> None:
    job = LargeChargeJob(1, retries=2)
    assert_type(job, LargeChargeJob)
    assert_type(job.set(wait=1), LargeChargeJob)
    assert_type(job.enqueue(priority=3), LargeChargeJob | Any)
    assert_type(job.perform_later(), LargeChargeJob | Any)
    assert_type(job.perform(1), float)
    assert_type(ChargeJob.perform_bulk([(1, "card")]), list[ChargeJob])
    assert_type(Job.deserialize(job.serialize()), Job)
    samovar.perform_all_later([job, FetchJob("url")])
    job.perform_later(1)  # type: ignore[call-arg]
    job.set(delay=1)  # type: ignore[call-arg]


def constructors() -> None:
    """Pyright checks them too; mypy takes whatever is given."""
    AnythingJob(1, some=2)
    SizedJob("path")
    LargeChargeJob("1")  # pyright: ignore[reportArgumentType]
    FetchJob()  # pyright: ignore[reportCallIssue]
    SizedJob()  # type: ignore[call-arg]


def classes_as_values(cls: type[ChargeJob], any_class: type[Job]) -> None:
    assert_type(cls.perform_later(1), ChargeJob | Any)
    assert_type(any_class.perform_later(1, some=2), Job | Any)
    cls.perform_later("1")  # type: ignore[arg-type]


def verbs_as_values() -> None:
    send: Callable[[int], object] = ChargeJob.perform_later
    send(1)
    wait: Callable[[str], Coroutine[Any, Any, bytes]] = FetchJob.aperform_now
    wait("url")  # type: ignore[unused-coroutine]
