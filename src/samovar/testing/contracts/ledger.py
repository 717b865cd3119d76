"""The suite of ledgers: what `samovar.recurring.port.Ledger` promises."""

from __future__ import annotations

from typing import Protocol

import pytest

from samovar.job.job_data import EnqueueRequest
from samovar.recurring.port import Ledger, TaskState


class LedgerBackend(Protocol):
    """A backend whose ledger is new and empty, and one queue that is empty too."""

    def open(self) -> Ledger:
        """The ledger as the process sees it that fires from now on; earlier ones are of no use."""
        ...

    def request(self, job_id: str) -> EnqueueRequest:
        """A job for the queue."""
        ...

    def enqueued(self) -> list[str]:
        """The ids of the jobs in the queue, in order."""
        ...


class LedgerContract:
    """Subclass it in a test file, and let a fixture `backend` give the backend to be tested."""

    @pytest.fixture
    def backend(self) -> LedgerBackend:
        raise NotImplementedError("Override the fixture `backend` to return the one to test.")

    def test_a_new_ledger_remembers_nothing(self, backend: LedgerBackend) -> None:
        assert dict(backend.open().states) == {}

    def test_what_is_written_is_seen_by_the_next_process(self, backend: LedgerBackend) -> None:
        states = {"a": TaskState(100), "b": TaskState(200, enabled=False, version=3)}
        first = backend.open()
        first.write(states)

        assert dict(first.states) == states
        assert dict(backend.open().states) == states

    def test_a_claim_enqueues_the_jobs_and_remembers_the_tick(self, backend: LedgerBackend) -> None:
        ledger = backend.open()
        ledger.write({"a": TaskState(100, version=3), "b": TaskState(100)})

        assert ledger.claim("a", 110, [backend.request("1"), backend.request("2")])

        after = {"a": TaskState(110, version=3), "b": TaskState(100)}
        assert dict(ledger.states) == after
        assert dict(backend.open().states) == after
        assert backend.enqueued() == ["1", "2"]

    def test_a_tick_is_claimed_once(self, backend: LedgerBackend) -> None:
        ledger = backend.open()
        ledger.write({"a": TaskState(100)})
        assert ledger.claim("a", 110, [backend.request("1")])

        assert not ledger.claim("a", 110, [backend.request("2")])
        assert not backend.open().claim("a", 110, [backend.request("3")])

        assert backend.enqueued() == ["1"]

    def test_an_earlier_tick_is_claimed_no_more(self, backend: LedgerBackend) -> None:
        ledger = backend.open()
        ledger.write({"a": TaskState(100)})
        assert ledger.claim("a", 120)

        assert not ledger.claim("a", 110, [backend.request("1")])

        assert ledger.states["a"].last == 120
        assert backend.enqueued() == []

    def test_a_tick_is_passed_over_without_jobs(self, backend: LedgerBackend) -> None:
        ledger = backend.open()
        ledger.write({"a": TaskState(100)})

        assert ledger.claim("a", 110)

        assert backend.open().states["a"].last == 110
        assert backend.enqueued() == []
