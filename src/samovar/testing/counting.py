"""How many jobs were enqueued or performed, and in words how many it should have been."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from samovar.queue_adapters.test import RecordedJob, TestAdapter
from samovar.testing.choosing import Selection
from samovar.testing.performing import performing
from samovar.testing.words import described, listed


def check_enqueued(adapter: TestAdapter, number: int, chosen: Selection) -> None:
    """Raises AssertionError unless that many of the chosen jobs are stored."""
    __tracebackhide__ = True
    _check(number, chosen, adapter.enqueued_jobs, "enqueued")


def check_performed(adapter: TestAdapter, number: int, chosen: Selection) -> None:
    """Raises AssertionError unless that many of the chosen jobs were performed."""
    __tracebackhide__ = True
    _check(number, chosen, adapter.performed_jobs, "performed", adapter.enqueued_jobs)


@contextmanager
def enqueued_in_block(
    adapter: TestAdapter, number: int, chosen: Selection
) -> Generator[None, None, None]:
    """The same of the jobs that the block adds."""
    __tracebackhide__ = True
    before = list(adapter.enqueued_jobs)
    yield
    _check(number, chosen, added(adapter.enqueued_jobs, before), "enqueued")


@contextmanager
def performed_in_block(
    adapter: TestAdapter, number: int, chosen: Selection
) -> Generator[None, None, None]:
    """The same of the jobs that the block performs; it does so with those chosen."""
    __tracebackhide__ = True
    performed, stored = list(adapter.performed_jobs), list(adapter.enqueued_jobs)
    with performing(adapter, chosen):
        yield
    left = added(adapter.enqueued_jobs, stored)
    _check(number, chosen, added(adapter.performed_jobs, performed), "performed", left)


def added(jobs: list[RecordedJob], before: list[RecordedJob]) -> list[RecordedJob]:
    """The jobs that were not there before."""
    known = {id(recorded) for recorded in before}
    return [recorded for recorded in jobs if id(recorded) not in known]


def _check(
    number: int,
    chosen: Selection,
    recorded_jobs: Sequence[RecordedJob],
    verb: str,
    left: Sequence[RecordedJob] = (),
) -> None:
    __tracebackhide__ = True
    taken = [chosen.takes(recorded) for recorded in recorded_jobs]
    if sum(taken) == number:
        return
    expected = f"{number} {'job' if number == 1 else 'jobs'} expected"
    text = f"{expected}, but {sum(taken)} were {verb}"
    if filters := str(chosen):
        text += f" ({filters}; * counts)"
    if recorded_jobs:
        marks = zip(taken, recorded_jobs, strict=True)
        text += f":\n{listed([f'{_MARKS[is_taken]} {described(job)}' for is_taken, job in marks])}"
    if left:
        text += f"\nEnqueued, and not performed:\n{listed([f'- {described(job)}' for job in left])}"
    raise AssertionError(text)


_MARKS = {True: "*", False: "-"}
