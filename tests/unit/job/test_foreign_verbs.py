"""Verbs of other libraries are answered with ours, on classes, jobs and functions."""

from __future__ import annotations

from typing import Any

import pytest

from samovar import Job, job


class ForeignVerbsJob(Job):
    def perform(self, number: int) -> None: ...


@job
def foreign_verbs(number: int) -> None: ...


@pytest.mark.parametrize(
    ("verb", "ours"),
    [
        ("delay", "perform_later(...)"),
        ("apply_async", "set(wait=...).perform_later(...)"),
        ("perform_async", "perform_later(...)"),
        ("perform_in", "set(wait=...).perform_later(...)"),
        ("send", "perform_later(...)"),
    ],
)
@pytest.mark.parametrize("what", [ForeignVerbsJob, foreign_verbs])
def test_the_verb_of_ours_is_named(what: Any, verb: str, ours: str) -> None:
    with pytest.raises(AttributeError) as raised:
        getattr(what, verb)(1)

    name = what.__name__
    assert str(raised.value) == f"{name} has no {verb!r}; did you mean {name}.{ours}?"
    assert not hasattr(what, verb)


def test_a_class_may_have_such_a_method_or_attribute() -> None:
    class ForeignVerbsOwnJob(Job):
        delay = 5

        def perform(self) -> None: ...

        def send(self) -> str:
            return "sent"

    assert ForeignVerbsOwnJob.delay == 5
    assert ForeignVerbsOwnJob().send() == "sent"
