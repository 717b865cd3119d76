"""Enqueuing: one job, many jobs, after a commit; the numbers are those of the acceptance list."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from samovar import (
    Abort,
    CurrentAttributes,
    EnqueueError,
    Job,
    SerializationError,
    after_enqueue,
    around_enqueue,
    before_enqueue,
    perform_all_later,
    use_locale,
    watch_transactions,
)
from samovar.job import current_attributes
from tests.support.applications import Recording, application
from tests.support.backends import Broken, Choosy
from tests.support.listening import heard
from tests.support.transaction import Transaction

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


class EnqueueJob(Job):
    def perform(self, *args: Any, **kwargs: Any) -> None: ...


class EnqueueOtherJob(Job):
    queue_as = "other"

    def perform(self, *args: Any) -> None: ...


class EnqueueTracedJob(Job):
    """Tells what its callbacks saw."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen: list[Any] = []

    @before_enqueue
    def prepare(self) -> None:
        self.seen.append("before")
        if self.arguments == ["halt"]:
            raise Abort

    @around_enqueue
    def wrap(self) -> Any:
        self.seen.append("around")
        if self.arguments != ["skip"]:
            yield

    @after_enqueue
    def finish(self) -> None:
        self.seen.append(("after", self.successfully_enqueued))

    def perform(self, *args: Any) -> None: ...


class EnqueueLateJob(Job):
    """Waits for open transactions."""

    enqueue_after_transaction_commit = True
    seen: list[str]

    @before_enqueue
    def note(self) -> None:
        self.seen = ["before"]

    def perform(self, *args: Any) -> None: ...


def use(adapter: Recording, monkeypatch: pytest.MonkeyPatch) -> Recording:
    monkeypatch.setattr(Job, "queue_adapter", adapter)
    return adapter


def arguments(recording: Recording) -> list[Any]:
    return [request.data["arguments"] for request in recording.requests]


class TestOne:
    def test_29_perform_later_returns_the_job_with_its_arguments(
        self, recording: Recording
    ) -> None:
        job = EnqueueJob.perform_later(1, "two", three=3)

        assert job
        assert (job.arguments, job.keyword_arguments) == ([1, "two"], {"three": 3})
        assert job.successfully_enqueued is True
        assert len(recording.requests) == 1

    def test_29_a_job_that_was_never_enqueued_says_so(self, recording: Recording) -> None:
        assert EnqueueJob(1).successfully_enqueued is None

    def test_30_set_is_seen_on_the_job_that_perform_later_returns(
        self, recording: Recording
    ) -> None:
        job = EnqueueJob.set(queue="low", priority=4).perform_later(1)

        assert job
        assert (job.queue_name, job.priority) == ("low", 4)

    def test_30_set_on_a_job_may_be_chained(self, recording: Recording) -> None:
        job = EnqueueJob(1).set(queue="low").set(priority=4)

        assert job.set() is job
        assert (job.queue_name, job.priority) == ("low", 4)

    def test_31_a_soft_refusal_is_false_and_after_callbacks_see_it(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(Choosy(), monkeypatch)
        job = EnqueueTracedJob(1)

        assert job.enqueue() is False
        assert EnqueueTracedJob.perform_later(1) is False
        assert isinstance(job.enqueue_error, EnqueueError)
        assert job.seen == ["before", "around", ("after", False)]

    def test_31_any_other_error_of_the_backend_reaches_the_caller(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(Broken(), monkeypatch)
        job = EnqueueTracedJob(1)

        with pytest.raises(ConnectionError):
            job.enqueue()
        assert job.successfully_enqueued is False
        assert job.seen == ["before", "around"]

    def test_31_arguments_without_a_form_are_told_and_nothing_is_pushed(
        self, recording: Recording
    ) -> None:
        with pytest.raises(SerializationError):
            EnqueueJob.perform_later(object())
        assert recording.requests == []

    @pytest.mark.parametrize("bulk", [False, True])
    def test_32_the_next_attempt_forgets_the_error(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch, bulk: bool
    ) -> None:
        use(Choosy(), monkeypatch)
        job = EnqueueJob(1)
        job.enqueue()
        assert job.enqueue_error

        use(Recording(), monkeypatch)
        perform_all_later(job) if bulk else job.enqueue()

        assert (job.successfully_enqueued, job.enqueue_error) == (True, None)

    def test_33_a_halted_enqueue_is_false_and_pushes_nothing(self, recording: Recording) -> None:
        job = EnqueueTracedJob("halt")

        with heard("enqueue.active_job") as told:
            assert job.enqueue() is False

        assert (job.seen, job.enqueue_error, recording.requests) == (["before"], None, [])
        assert [event.payload.get("aborted") for event in told] == [True]

    def test_33_an_around_that_never_yields_is_false_but_not_halted(
        self, recording: Recording
    ) -> None:
        job = EnqueueTracedJob("skip")

        with heard("enqueue.active_job") as told:
            assert job.enqueue() is False

        assert (job.seen, recording.requests) == (["before", "around"], [])
        assert ["aborted" in event.payload for event in told] == [False]

    def test_callbacks_may_change_what_is_pushed(self, recording: Recording) -> None:
        class EnqueueEditedJob(Job):
            @before_enqueue
            def edit(self) -> None:
                self.arguments[0] += 1
                self.keyword_arguments["added"] = True
                self.queue_name = "moved"
                self.priority = 3

            def perform(self, *args: Any, **kwargs: Any) -> None: ...

        EnqueueEditedJob.perform_later(1)

        data = recording.requests[0].data
        assert data["arguments"] == [2, {"added": True, "_aj_ruby2_keywords": ["added"]}]
        assert (data["queue_name"], data["priority"]) == ("moved", 3)

    def test_an_instance_goes_as_it_is(self, recording: Recording) -> None:
        job = EnqueueJob(1).set(queue="low", wait=60)

        assert EnqueueJob.perform_later(job, "ignored") is job
        first = recording.requests[0]
        assert job.enqueue() is job
        second = recording.requests[1]

        assert (first.data["job_id"], first.due_ns) == (second.data["job_id"], second.due_ns)
        assert second.data["queue_name"] == "low"

    def test_37_a_time_in_the_past_is_taken(self, recording: Recording) -> None:
        job = EnqueueJob.set(wait_until=LONG_AGO).perform_later(1)

        assert job
        assert job.scheduled_at == LONG_AGO
        assert recording.requests[0].due_ns == 978_307_200_000_000_000

    def test_37_a_wait_of_nothing_still_schedules(self, recording: Recording) -> None:
        EnqueueJob.set(wait=0).perform_later()
        EnqueueJob.set(wait=None, wait_until=None, queue=None, priority=None).perform_later()

        scheduled, plain = recording.requests
        assert scheduled.due_ns is not None
        assert plain.due_ns is None

    def test_the_event_is_chosen_before_the_callbacks_run(self, recording: Recording) -> None:
        class EnqueueDelayedJob(Job):
            @before_enqueue
            def delay(self) -> None:
                self.set(wait=60)

            def perform(self) -> None: ...

        with heard("enqueue.active_job", "enqueue_at.active_job") as told:
            EnqueueDelayedJob.perform_later()

        assert [event.name for event in told] == ["enqueue.active_job"]
        assert recording.requests[0].due_ns is not None

    def test_the_asynchronous_twins_do_the_same(self, recording: Recording) -> None:
        async def enqueue() -> list[Any]:
            return [
                await EnqueueJob.aperform_later(1),
                await EnqueueJob.set(queue="low").aperform_later(2),
                await EnqueueTracedJob.aperform_later("halt"),
                await EnqueueJob(3).aperform_later(),
            ]

        one, two, halted, three = asyncio.run(enqueue())

        assert arguments(recording) == [[1], [2], [3]]
        assert (one.arguments, two.queue_name, three.arguments) == ([1], "low", [3])
        assert halted is False


class TestMany:
    def test_34_jobs_of_any_class_go_in_one_call_with_one_event(self, recording: Recording) -> None:
        jobs = [EnqueueJob(1), EnqueueOtherJob(2), EnqueueJob(3)]

        with heard("enqueue_all.active_job", "enqueue.active_job") as told:
            answer = perform_all_later(jobs[0], jobs[1:])  # type: ignore[func-returns-value]

        assert answer is None
        assert recording.bulk_calls == 1
        assert arguments(recording) == [[1], [2], [3]]
        (event,) = told
        assert (event.payload["jobs"], event.payload["enqueued_count"]) == (jobs, 3)
        assert event.payload["adapter"] is recording
        assert all(job.successfully_enqueued for job in jobs)

    def test_34_each_adapter_has_a_call_of_its_own(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Recording()
        monkeypatch.setattr(EnqueueOtherJob, "queue_adapter", other)

        with heard("enqueue_all.active_job") as told:
            perform_all_later(EnqueueOtherJob(1), EnqueueJob(2), EnqueueOtherJob(3))

        assert [event.payload["adapter"] for event in told] == [other, recording]
        assert [event.payload["enqueued_count"] for event in told] == [2, 1]

    def test_34_nothing_is_nothing(self, recording: Recording) -> None:
        with heard("enqueue_all.active_job") as told:
            perform_all_later()
            perform_all_later([])

        assert (told, recording.bulk_calls) == ([], 0)

    def test_34_no_callbacks_run(self, recording: Recording) -> None:
        job = EnqueueTracedJob("halt")

        perform_all_later(job)

        assert (job.seen, job.successfully_enqueued) == ([], True)

    def test_35_scheduled_jobs_keep_their_time(self, recording: Recording) -> None:
        perform_all_later(EnqueueJob(1), EnqueueJob(2).set(wait_until=LONG_AGO))

        plain, scheduled = recording.requests
        assert plain.due_ns is None
        assert scheduled.due_ns == 978_307_200_000_000_000
        assert scheduled.data["scheduled_at"] == "2001-01-01T00:00:00.000000000Z"

    def test_36_a_refused_job_does_not_hold_the_others_up(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter = use(Choosy(lambda data: data["arguments"] == [1]), monkeypatch)
        refused, taken = EnqueueJob(1), EnqueueJob(2)

        with heard("enqueue_all.active_job") as told:
            perform_all_later(refused, taken)

        assert arguments(adapter) == [[2]]
        assert [event.payload["enqueued_count"] for event in told] == [1]
        assert (refused.successfully_enqueued, taken.successfully_enqueued) == (False, True)
        assert isinstance(refused.enqueue_error, EnqueueError)
        assert taken.enqueue_error is None

    def test_36_any_other_error_reaches_the_caller(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(Broken(), monkeypatch)
        job = EnqueueJob(1)

        with pytest.raises(ConnectionError):
            perform_all_later(job)
        assert job.successfully_enqueued is False

    def test_36_arguments_without_a_form_are_told_before_anything_is_pushed(
        self, recording: Recording
    ) -> None:
        with pytest.raises(SerializationError):
            perform_all_later(EnqueueJob(1), EnqueueJob(object()))
        assert recording.requests == []


@pytest.fixture
def transaction(monkeypatch: pytest.MonkeyPatch, nobody_watches: None) -> Transaction:
    opened = Transaction()
    watch_transactions(opened.watch)
    return opened


class TestAfterCommit:
    def test_38_a_job_waits_for_the_commit(
        self, recording: Recording, transaction: Transaction
    ) -> None:
        job = EnqueueLateJob.perform_later(1)

        assert job
        assert job.successfully_enqueued is True
        assert recording.requests == []
        assert not hasattr(job, "seen")

        transaction.commit()

        assert arguments(recording) == [[1]]
        assert job.seen == ["before"]

    def test_38_a_rollback_drops_it(self, recording: Recording, transaction: Transaction) -> None:
        EnqueueLateJob.perform_later(1)

        transaction.roll_back()

        assert recording.requests == []

    def test_38_without_a_transaction_it_goes_at_once(
        self, recording: Recording, transaction: Transaction
    ) -> None:
        transaction.commit()

        EnqueueLateJob.perform_later(1)

        assert arguments(recording) == [[1]]

    def test_38_a_refusal_at_the_commit_shows_on_the_job(
        self, recording: Recording, transaction: Transaction, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(Choosy(), monkeypatch)
        job = EnqueueLateJob(1)
        assert job.enqueue() is job
        assert job.successfully_enqueued is True

        transaction.commit()

        assert job.successfully_enqueued is False
        assert isinstance(job.enqueue_error, EnqueueError)

    def test_38_only_classes_that_ask_for_it_wait(
        self, recording: Recording, transaction: Transaction
    ) -> None:
        EnqueueJob.perform_later(1)

        assert arguments(recording) == [[1]]

    def test_38_every_open_transaction_must_commit(
        self, recording: Recording, transaction: Transaction
    ) -> None:
        other = Transaction()
        watch_transactions(other.watch)
        EnqueueLateJob.perform_later(1)

        transaction.commit()
        assert recording.requests == []
        other.commit()
        assert arguments(recording) == [[1]]

    @pytest.mark.parametrize("first_made", [True, False])
    @pytest.mark.parametrize("commit_first", [True, False])
    def test_38_one_rollback_among_several_drops_it(
        self,
        recording: Recording,
        transaction: Transaction,
        first_made: bool,
        commit_first: bool,
    ) -> None:
        other = Transaction()
        watch_transactions(other.watch)
        EnqueueLateJob.perform_later(1)

        kept, lost = (transaction, other) if first_made else (other, transaction)
        for end in [kept.commit, lost.roll_back][:: 1 if commit_first else -1]:
            end()

        assert recording.requests == []

    def test_38_the_job_takes_along_what_was_current_when_it_was_asked_for(
        self,
        recording: Recording,
        transaction: Transaction,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class EnqueueCurrent(CurrentAttributes):
            user_id: int | None = None

        monkeypatch.setattr(current_attributes, "persisted", [EnqueueCurrent])
        with use_locale("de"), EnqueueCurrent.set(user_id=7):
            EnqueueLateJob.perform_later(1)

        transaction.commit()

        data = recording.requests[0].data
        assert (data["locale"], data["cattr_0"]) == ("de", {"user_id": 7})

    def test_39_in_bulk_those_that_wait_go_in_one_call_at_the_commit(
        self, recording: Recording, transaction: Transaction
    ) -> None:
        late = [EnqueueLateJob(2), EnqueueLateJob(4)]

        perform_all_later(EnqueueJob(1), late[0], EnqueueJob(3), late[1])

        assert (arguments(recording), recording.bulk_calls) == ([[1], [3]], 1)
        assert [job.successfully_enqueued for job in late] == [True, True]

        transaction.commit()

        assert arguments(recording) == [[1], [3], [2], [4]]
        assert recording.bulk_calls == 2

    def test_the_setting_holds_for_classes_that_say_nothing(
        self, transaction: Transaction, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter = Recording()
        with application(queue_adapter="inline", enqueue_after_transaction_commit=True):
            use(adapter, monkeypatch)
            EnqueueJob.perform_later(1)
            assert adapter.requests == []
            transaction.commit()
            assert arguments(adapter) == [[1]]

    def test_a_retry_waits_too(self, recording: Recording, transaction: Transaction) -> None:
        job = EnqueueLateJob(1)

        assert job.retry_job(wait=5, queue="low") is True
        assert recording.requests == []
        transaction.commit()

        (request,) = recording.requests
        assert (request.data["queue_name"], job.queue_name) == ("low", "default")
        assert request.due_ns is not None
        assert job.due_ns is None


def test_a_wait_is_seconds_or_a_timedelta(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samovar.support.clock.now_ns", lambda: 0)
    for wait in (1.5, timedelta(seconds=1.5), timedelta(milliseconds=1500)):
        EnqueueJob.set(wait=wait).perform_later()

    assert [request.due_ns for request in recording.requests] == [1_500_000_000] * 3
