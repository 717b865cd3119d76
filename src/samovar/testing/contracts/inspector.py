"""The suite of inspectors: what `samovar.inspection.port.Inspector` promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, get_args

import pytest

from samovar.errors import ArgumentError
from samovar.inspection.filters import JobFilter
from samovar.inspection.plans import VALID, Action, Outcome
from samovar.inspection.port import Ability, Inspector
from samovar.inspection.values import STATES, JobView, Ref, State, UnavailableError


class InspectedBackend(Protocol):
    """A backend with one queue and its dead letter queue, both new and empty."""

    @property
    def inspector(self) -> Inspector: ...

    @property
    def queue(self) -> str:
        """The name that the backend gives the queue."""
        ...

    @property
    def dead_letter_queue(self) -> str:
        """The name that the backend gives the dead letter queue."""
        ...

    def enqueue(self, *job_ids: str) -> None:
        """Jobs of these ids, of the class `ContractJob`, are ready in the queue."""
        ...

    def add_dead(self, *job_ids: str, error_class: str = "ValueError") -> None:
        """Jobs of these ids failed for good in the queue, all at the same time."""
        ...


class InspectorContract:
    """Subclass it in a test file, and let a fixture `backend` give the backend to be inspected."""

    @pytest.fixture
    def backend(self) -> InspectedBackend:
        raise NotImplementedError("Override the fixture `backend` to return the one to test.")

    def test_every_ability_is_there_or_has_a_reason(self, backend: InspectedBackend) -> None:
        assert set(backend.inspector.abilities()) == set(get_args(Ability))

    def test_a_question_that_cannot_be_answered_raises_the_reason(
        self, backend: InspectedBackend
    ) -> None:
        inspector, now = backend.inspector, datetime.now(UTC)
        abilities = inspector.abilities()
        questions: dict[Ability, Callable[[], object]] = {
            "processes": inspector.processes,
            "recurring": inspector.recurring,
            "errors": lambda: inspector.errors(now),
            "history": lambda: inspector.history(now, timedelta(minutes=1)),
            "key": lambda: inspector.key(backend.queue, "k"),
            "checks": inspector.checks,
        }
        for name, ask in questions.items():
            if not (reason := abilities[name]):
                ask()
                continue
            with pytest.raises(UnavailableError) as caught:
                ask()
            assert str(caught.value) == reason

    def test_a_state_that_cannot_be_listed_raises_the_reason(
        self, backend: InspectedBackend
    ) -> None:
        for state in STATES:
            if reason := backend.inspector.abilities()[state]:
                with pytest.raises(UnavailableError) as caught:
                    backend.inspector.jobs(JobFilter(state=state))
                assert str(caught.value) == reason

    def test_queues_are_counted(self, backend: InspectedBackend) -> None:
        backend.enqueue("a", "b", "c")
        backend.add_dead("d", "e")

        queues = {queue.name: queue for queue in backend.inspector.queues()}

        assert queues[backend.queue].counts["ready"].value == 3
        dead = queues[backend.dead_letter_queue]
        assert (dead.counts["dead"].value, dead.is_dead_letter_queue) == (2, True)
        assert dead.newest is not None
        assert dead.newest.job_id == "e"
        assert {q.name for q in backend.inspector.queues("dead")} >= {backend.dead_letter_queue}
        assert backend.queue not in {q.name for q in backend.inspector.queues("dead")}
        overview = backend.inspector.overview()
        assert overview.counts["ready"].value >= 3
        assert overview.counts["dead"].value >= 2

    def test_one_queue_is_found_by_its_name(self, backend: InspectedBackend) -> None:
        backend.enqueue("a")

        found = backend.inspector.queue(backend.queue)

        assert found is not None
        assert found.counts["ready"].value == 1
        assert backend.inspector.queue("no-such-queue") is None
        assert backend.inspector.dead_letter_queue("no-such-queue") is None
        assert backend.inspector.dead_letter_queue(backend.dead_letter_queue) is not None

    @pytest.mark.parametrize("state", ["ready", "dead"])
    def test_pages_show_each_job_once_while_others_come(
        self, backend: InspectedBackend, state: State
    ) -> None:
        put = backend.enqueue if state == "ready" else backend.add_dead
        put(*(f"job-{number}" for number in range(7)))
        chosen, cursor = _in(backend, state), None
        seen: list[str | None] = []
        while True:
            page = backend.inspector.jobs(chosen, cursor, 2)
            seen += [job.job_id for job in page.items]
            assert len(page.items) == 2 or page.next is None
            assert page.complete
            put(f"later-{len(seen)}")
            if (cursor := page.next) is None:
                break

        assert sorted(map(str, seen)) == [f"job-{number}" for number in range(7)]

    def test_a_broken_cursor_is_refused(self, backend: InspectedBackend) -> None:
        backend.add_dead("a")
        for cursor in ("", "!", "bm9uZQ", "WzEsW1sibm8iLDAsMCwxXV1d", "WzIsW11d", "WzEsNV0"):
            with pytest.raises(ArgumentError):
                backend.inspector.jobs(_in(backend, "dead"), cursor)

    @pytest.mark.parametrize("limit", [0, -1, 10**9])
    def test_a_wrong_limit_is_refused(self, backend: InspectedBackend, limit: int) -> None:
        with pytest.raises(ArgumentError):
            backend.inspector.jobs(_in(backend, "dead"), None, limit)

    def test_a_queue_that_is_not_there_is_refused(self, backend: InspectedBackend) -> None:
        for state in ("ready", "dead"):
            with pytest.raises(ArgumentError):
                backend.inspector.jobs(JobFilter(state=state, queue="no-such-queue"))

    def test_a_filter_finds_exactly_what_it_says(self, backend: InspectedBackend) -> None:
        backend.add_dead("a", "b")
        backend.add_dead("c", error_class="KeyError")
        dead = _in(backend, "dead")

        assert _ids(backend, replace(dead, job_id="b")) == ["b"]
        assert _ids(backend, replace(dead, error_class="KeyError")) == ["c"]
        assert _ids(backend, replace(dead, job_class="ContractJob")) == ["a", "b", "c"]
        assert _ids(backend, replace(dead, job_class="Contract.*")) == []
        assert _ids(backend, replace(dead, argument="b")) == ["b"]
        assert _ids(backend, replace(dead, until=datetime(2000, 1, 1, tzinfo=UTC))) == []
        count = backend.inspector.count(replace(dead, error_class="ValueError"))
        assert (count.value, count.kind) == (2, "exact")
        assert backend.inspector.count(dead).value == 3

    def test_a_job_is_found_by_its_ref_and_its_id(self, backend: InspectedBackend) -> None:
        backend.enqueue("a")
        backend.add_dead("b")
        (dead,) = backend.inspector.jobs(_in(backend, "dead")).items
        (ready,) = backend.inspector.jobs(_in(backend, "ready")).items

        assert backend.inspector.job(dead.ref) == dead
        assert backend.inspector.job(ready.ref) == ready
        assert [job.ref for job in backend.inspector.find("b")] == [dead.ref]
        assert [job.ref for job in backend.inspector.find(dead.ref)] == [dead.ref]
        assert (dead.error.error_class, dead.job_class) == ("ValueError", "ContractJob")
        assert backend.inspector.job(Ref("nonsense")) is None
        assert list(backend.inspector.find("nonsense")) == []

    @pytest.mark.parametrize("action", ["retry", "discard"])
    def test_a_dead_job_is_handled_once(self, backend: InspectedBackend, action: Action) -> None:
        backend.add_dead("a", "b", "c")
        found = backend.inspector.jobs(_in(backend, "dead")).items
        a, b, _ = sorted(found, key=lambda job: str(job.job_id))
        act = backend.inspector.retry if action == "retry" else backend.inspector.discard

        assert _done(act([a])) == ["a"]
        outcomes = list(act([b, a, b]))

        assert _done(outcomes) == ["b"]
        assert sorted(str(job.job_id) for o in outcomes for job, _ in o.refused) == ["a", "b"]
        assert all(why for outcome in outcomes for _, why in outcome.refused)
        assert _ids(backend, _in(backend, "dead")) == ["c"]
        with pytest.raises(ArgumentError):
            backend.inspector.job(a.ref)
        back = ["a", "b"] if action == "retry" else []
        assert _ids(backend, _in(backend, "ready")) == back

    def test_a_ready_job_is_no_dead_one(self, backend: InspectedBackend) -> None:
        backend.enqueue("a")
        (ready,) = backend.inspector.jobs(_in(backend, "ready")).items

        assert _done(backend.inspector.discard([ready])) == []
        assert _ids(backend, _in(backend, "ready")) == ["a"]

    @pytest.mark.parametrize("action", ["retry", "discard"])
    def test_a_plan_is_carried_out_on_what_was_there(
        self, backend: InspectedBackend, action: Action
    ) -> None:
        backend.add_dead("a", "b")
        backend.add_dead("other", error_class="KeyError")
        plan = backend.inspector.plan(
            action, replace(_in(backend, "dead"), error_class="ValueError")
        )
        assert (plan.count.value, plan.count.kind) == (2, "exact")
        assert plan.by_class == {"ContractJob": 2}
        assert [job.job_id for job in plan.samples] == ["a", "b"]
        assert (plan.refused, plan.asks_for_number) == ((), False)
        assert _ids(backend, _in(backend, "dead")) == ["a", "b", "other"], "nothing is changed"

        backend.add_dead("later")

        assert _done(backend.inspector.carry_out(plan)) == ["a", "b"]
        assert _ids(backend, _in(backend, "dead")) == ["later", "other"]
        assert _done(backend.inspector.carry_out(plan)) == []

    def test_an_old_plan_is_refused(self, backend: InspectedBackend) -> None:
        backend.add_dead("a")
        plan = backend.inspector.plan("discard", _in(backend, "dead"))
        old = replace(plan, asked_at=plan.asked_at - VALID - timedelta(seconds=1))

        with pytest.raises(ArgumentError):
            list(backend.inspector.carry_out(old))

        assert _ids(backend, _in(backend, "dead")) == ["a"]


def _in(backend: InspectedBackend, state: State) -> JobFilter:
    queue = backend.queue if state == "ready" else backend.dead_letter_queue
    return JobFilter(state=state, queue=queue)


def _ids(backend: InspectedBackend, chosen: JobFilter) -> list[str]:
    return sorted(str(job.job_id) for job in backend.inspector.jobs(chosen, None, 200).items)


def _done(outcomes: Iterable[Outcome]) -> list[str]:
    found: list[JobView] = []
    for outcome in outcomes:
        found += outcome.done
    return sorted(str(job.job_id) for job in found)
