"""How a delivered job has ended, as one value that every backend reads."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from samovar import Continuable, Job, discard_on, payload, rescue_from, retry_on
from samovar.errors import UnknownJobClassError
from samovar.job import performing
from samovar.job.outcome import (
    DONE,
    Discarded,
    Failed,
    GivenUp,
    Interrupted,
    Outcome,
    Poison,
    Retried,
)
from tests.support.applications import Recording, application

ERRORS: dict[str, type[BaseException]] = {
    error.__name__: error
    for error in (ValueError, KeyError, TypeError, IndexError, OSError, LookupError, SystemExit)
}


class Stopping(Recording):
    def stopping(self, job: object = None) -> bool:
        return True


class RecordedOutcomeJob(Job):
    queue_adapter = Stopping()


@retry_on(ValueError, wait=0, attempts=2)
@retry_on(TypeError, wait=0, attempts=1)
@retry_on(IndexError, wait=0, attempts=1, exhausted=lambda job, error: None)
@discard_on(KeyError)
@rescue_from(OSError, with_=lambda job, error: None)
class RaisingOutcomeJob(RecordedOutcomeJob):
    def perform(self, name: str | None = None) -> None:
        if name is not None:
            raise ERRORS[name](name)


class AgainOutcomeJob(RecordedOutcomeJob):
    def perform(self) -> None:
        self.retry_job(wait=0)


class InterruptedOutcomeJob(Continuable, RecordedOutcomeJob):
    resume_options: ClassVar[dict[str, Any]] = {"wait": 0}

    def perform(self) -> None:
        self.step(lambda: None, name="first")
        self.step(lambda: None, name="second")


def performed(job: Job) -> Outcome:
    with application():
        return performing.perform(payload.dumps(job.serialize()))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("ValueError", Retried),
        ("TypeError", GivenUp),
        ("IndexError", Discarded),
        ("KeyError", Discarded),
        ("LookupError", Failed),
        ("SystemExit", Failed),
    ],
)
def test_an_error_becomes_the_outcome_that_its_class_declares(error: str, outcome: type) -> None:
    ended = performed(RaisingOutcomeJob(error))
    assert isinstance(ended, outcome)
    assert type(getattr(ended, "error", None)) is ERRORS[error]


@pytest.mark.parametrize("error", [None, "OSError"])
def test_what_ends_well_or_is_rescued_is_done(error: str | None) -> None:
    assert performed(RaisingOutcomeJob(error)) is DONE


def test_a_job_that_enqueues_itself_again_is_retried() -> None:
    assert performed(AgainOutcomeJob()) == Retried(None)


def test_a_job_that_stops_between_two_steps_is_interrupted() -> None:
    assert isinstance(performed(InterruptedOutcomeJob()), Interrupted)


@pytest.mark.parametrize("value", [None, b"", b"{}", b'{"job_class": "NobodyKnowsIt"}'])
def test_what_is_no_job_of_this_process_is_poison(value: bytes | None) -> None:
    outcome = performing.perform(value)
    assert isinstance(outcome, Poison)


def test_an_unknown_class_is_named_by_the_error() -> None:
    outcome = performing.perform(b'{"job_class": "NobodyKnowsIt", "job_id": "1", "arguments": []}')
    assert isinstance(outcome, Poison)
    assert isinstance(outcome.error, UnknownJobClassError)
