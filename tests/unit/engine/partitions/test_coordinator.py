"""One partition at work: order, marks, failures, interruption."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.flow.stages import ADMIT, Admission, Gate, Hold, Skip, Stage
from samovar.engine.partitions.coordinator import Coordinator, Phase
from samovar.engine.routing.recovery import DeadLetterQueue, Pause
from samovar.engine.routing.topic import Topic
from samovar.errors import PayloadError, WorkerDiedError
from samovar.job.outcome import DONE, Failed, Outcome, Poison
from samovar.processes.executor import Executor
from samovar.processes.work_queue import WorkQueue
from samovar.support import clock
from tests.support.eventually import eventually

SOURCE = TopicPartition("orders", 0)
QUICK = Pause(timeout=0.001, max_timeout=0.001)


class Partition:
    """A coordinator with one executor thread, as a worker sets them up."""

    def __init__(
        self, perform: Callable[[bytes | None], Any], topic: Topic, *stages: Stage
    ) -> None:
        self.dead: list[tuple[int, str, int]] = []
        self.stops: list[bool] = []
        self.dead_fails = False
        self.work = WorkQueue()
        self.coordinator = Coordinator(
            source=SOURCE,
            topic=topic,
            dispatch_dead=self._dispatch,
            stop_process=lambda _: self.stops.append(True),
            invite=self.work.put,
            gate=Gate(stages) if stages else None,
        )
        self._executor = Executor(
            index=0,
            work=self.work,
            perform=lambda value, *_: perform(value),
            stop_process=lambda _: self.stops.append(True),
        )
        self._executor.start()

    def offer(self, *offsets: int) -> None:
        if self.coordinator.offer([Record(offset, str(offset).encode()) for offset in offsets]):
            self.work.put(self.coordinator)

    def retry(self) -> None:
        if self.coordinator.awake(Phase.WAITING):
            self.work.put(self.coordinator)

    def settle(self) -> None:
        """Let the executor do all it can, and end it."""

        def is_settled() -> bool:
            c = self.coordinator
            return not c.is_running and (not c.pending or c.is_waiting or c.interrupted)

        eventually(is_settled, within=10, what="the partition has nothing to do")
        self.work.close(1)
        self._executor.join(10)
        assert not self._executor.is_alive()

    def _dispatch(self, failure: Failure) -> None:
        if self.dead_fails:
            raise OSError("the broker is away")
        self.dead.append((failure.record.offset, failure.target, failure.attempts))


class Answers:
    """A stage that answers from a list, by offset, and keeps what it was asked."""

    def __init__(self, answers: Mapping[int, Admission | Exception]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[int, int]] = []

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        self.asked.append((record.offset, attempt))
        answer = self.answers.get(record.offset, ADMIT)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_jobs_are_performed_in_order_and_the_position_is_behind_the_last() -> None:
    seen: list[bytes | None] = []
    partition = Partition(seen.append, Topic(name="orders", max_messages=2))

    partition.offer(3, 4, 7)
    partition.offer(8)
    partition.settle()

    assert seen == [b"3", b"4", b"7", b"8"]
    assert partition.coordinator.position == 9
    assert not partition.coordinator.pending


def test_a_failed_job_stays_in_front_and_the_next_ones_wait() -> None:
    seen: list[bytes | None] = []

    def perform(value: bytes | None) -> None:
        seen.append(value)
        if value == b"2":
            raise ValueError("boom")

    partition = Partition(perform, Topic(name="orders"))
    partition.offer(1, 2, 3)
    partition.settle()

    assert seen == [b"1", b"2"]
    assert partition.coordinator.position == 2
    assert [record.offset for record in partition.coordinator.pending] == [2, 3]
    assert partition.coordinator.is_waiting
    assert partition.coordinator.due > clock.monotonic()


def test_a_job_that_recovers_is_not_charged_for_it_later() -> None:
    failing = {b"1": 1, b"2": 1, b"3": 1}
    done = threading.Event()
    partition: Partition

    def perform(value: bytes | None) -> None:
        assert value is not None
        if failing[value]:
            failing[value] -= 1
            raise ValueError("boom")
        if value == b"3":
            done.set()

    queue = DeadLetterQueue("dead", max_retries=1)
    partition = Partition(perform, Topic(name="orders", pause=QUICK, dead_letter_queue=queue))
    partition.offer(1, 2, 3)
    _retry_until(partition, done)
    partition.settle()

    assert partition.dead == []
    assert partition.coordinator.position == 4


def test_without_independence_failures_of_a_partition_add_up() -> None:
    failing = {b"1": 1, b"2": 1}
    done = threading.Event()

    def perform(value: bytes | None) -> None:
        assert value is not None
        if failing.get(value):
            failing[value] -= 1
            raise ValueError("boom")
        if value == b"3":
            done.set()

    queue = DeadLetterQueue("dead", max_retries=1, independent=False)
    partition = Partition(perform, Topic(name="orders", pause=QUICK, dead_letter_queue=queue))
    partition.offer(1, 2, 3)
    _retry_until(partition, done)
    partition.settle()

    assert partition.dead == [(2, "dead", 2)]


def test_after_its_retries_a_job_is_moved_aside_and_the_next_one_runs() -> None:
    seen: list[bytes | None] = []
    done = threading.Event()

    def perform(value: bytes | None) -> None:
        seen.append(value)
        if value == b"1":
            raise ValueError("boom")
        done.set()

    queue = DeadLetterQueue("dead", max_retries=2)
    partition = Partition(perform, Topic(name="orders", pause=QUICK, dead_letter_queue=queue))
    partition.offer(1, 2)
    _retry_until(partition, done)
    partition.settle()

    assert seen == [b"1", b"1", b"1", b"2"]
    assert partition.dead == [(1, "dead", 3)]
    assert partition.coordinator.position == 3


def test_behind_a_dead_letter_the_next_job_begins_after_one_more_wait() -> None:
    """D01."""
    seen: list[bytes | None] = []

    def perform(value: bytes | None) -> None:
        seen.append(value)
        if value == b"1":
            raise ValueError("boom")

    pause = Pause(timeout=20, max_timeout=60)
    queue = DeadLetterQueue("dead", max_retries=0)
    partition = Partition(perform, Topic(name="orders", pause=pause, dead_letter_queue=queue))
    partition.offer(1, 2)
    eventually(lambda: partition.coordinator.is_waiting, within=10)

    assert seen == [b"1"]
    assert partition.coordinator.position == 2, "the dead letter is done with"
    assert 15 < partition.coordinator.due - clock.monotonic() <= 20
    partition.retry()
    partition.settle()
    assert seen == [b"1", b"2"]


def test_where_dead_letters_are_dropped_the_next_one_runs_all_the_same() -> None:
    """D11."""
    seen: list[bytes | None] = []
    done = threading.Event()

    def perform(value: bytes | None) -> None:
        seen.append(value)
        if value == b"1":
            raise ValueError("boom")
        done.set()

    queue = DeadLetterQueue(False, max_retries=1)
    partition = Partition(perform, Topic(name="orders", pause=QUICK, dead_letter_queue=queue))
    partition.offer(1, 2)
    _retry_until(partition, done)
    partition.settle()

    assert seen == [b"1", b"1", b"2"]
    assert partition.dead == []
    assert partition.coordinator.position == 3


def test_what_is_no_job_holds_up_nobody() -> None:
    seen: list[bytes | None] = []

    def perform(value: bytes | None) -> Outcome:
        if value == b"1":
            return Poison(PayloadError("no job"))
        seen.append(value)
        return DONE

    partition = Partition(perform, Topic(name="orders", pause=Pause(timeout=20, max_timeout=60)))
    partition.offer(1, 2)
    partition.settle()

    assert seen == [b"2"]
    assert partition.dead == [(1, "orders_dead", 1)]


def test_a_wait_with_nothing_behind_it_ends_in_idleness() -> None:
    coordinator = Coordinator(
        source=SOURCE,
        topic=Topic(
            name="orders",
            pause=QUICK,
            dead_letter_queue=DeadLetterQueue("dead", max_retries=0),
        ),
        dispatch_dead=lambda *_: None,
        stop_process=lambda _: None,
    )
    record = Record(1, b"1")
    assert coordinator.offer([record])
    assert coordinator.begin()
    assert not coordinator.failed(record, Failed(ValueError()))
    assert not coordinator.end()
    assert coordinator.is_waiting

    assert not coordinator.awake(Phase.WAITING)
    assert not coordinator.is_waiting
    assert coordinator.offer([Record(2, b"2")])


def test_a_dead_letter_that_cannot_be_stored_is_never_marked() -> None:
    def perform(value: bytes | None) -> None:
        raise ValueError("boom")

    queue = DeadLetterQueue("dead", max_retries=0)
    partition = Partition(perform, Topic(name="orders", pause=QUICK, dead_letter_queue=queue))
    partition.dead_fails = True
    partition.offer(1)
    partition.settle()

    assert partition.coordinator.position is None
    assert partition.coordinator.is_waiting


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_an_error_of_the_process_leaves_the_job_unmarked_and_stops(error: BaseException) -> None:
    def perform(value: bytes | None) -> None:
        raise error

    queue = DeadLetterQueue("dead", max_retries=0)
    partition = Partition(perform, Topic(name="orders", dead_letter_queue=queue))
    partition.offer(1, 2)
    partition.settle()

    assert partition.stops == [True]
    assert partition.coordinator.position is None
    assert partition.dead == []


def test_an_interruption_lets_the_running_job_end_and_no_other_begin() -> None:
    started, go_on = threading.Event(), threading.Event()
    seen: list[bytes | None] = []

    def perform(value: bytes | None) -> None:
        seen.append(value)
        started.set()
        assert go_on.wait(10)

    partition = Partition(perform, Topic(name="orders"))
    partition.offer(1, 2)
    assert started.wait(10)
    partition.coordinator.interrupt()
    assert not partition.coordinator.wait_until_at_rest(0)
    go_on.set()
    assert partition.coordinator.wait_until_at_rest(10)
    partition.settle()

    assert seen == [b"1"]
    assert partition.coordinator.position == 2


def test_a_partition_interrupted_while_it_was_queued_never_begins() -> None:
    seen: list[bytes | None] = []
    partition = Partition(seen.append, Topic(name="orders"))
    assert partition.coordinator.offer([Record(1, b"1")])
    partition.coordinator.interrupt()
    partition.work.put(partition.coordinator)
    partition.settle()

    assert seen == []
    assert not partition.coordinator.is_running


def _retry_until(partition: Partition, done: threading.Event) -> None:
    until = clock.monotonic() + 10
    while not done.wait(0.001):
        partition.retry()
        assert clock.monotonic() < until


def test_a_retry_that_is_due_at_once_does_not_queue_a_partition_twice() -> None:
    coordinator = Coordinator(
        source=SOURCE,
        topic=Topic(name="orders", pause=Pause(timeout=0, max_timeout=0)),
        dispatch_dead=lambda *_: None,
        stop_process=lambda _: None,
    )
    record = Record(1, b"1")
    assert coordinator.offer([record])
    assert coordinator.begin()

    assert not coordinator.failed(record, Failed(ValueError()))

    assert not coordinator.awake(Phase.WAITING), "its executor still holds it"
    assert not coordinator.end()
    assert coordinator.awake(Phase.WAITING)
    assert not coordinator.awake(Phase.WAITING)


def test_an_error_of_the_bookkeeping_stops_the_process_and_not_the_executor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(value: bytes | None) -> None:
        raise ValueError("boom")

    def break_down(self: Coordinator, record: Record, error: BaseException) -> bool:
        raise SystemExit("a subscriber's")

    monkeypatch.setattr(Coordinator, "failed", break_down)
    partition = Partition(fail, Topic(name="orders"))
    partition.offer(1, 2)
    partition.settle()

    assert partition.stops == [True]
    assert partition.coordinator.position is None


def test_what_a_stage_skips_is_not_performed_but_marked() -> None:
    seen: list[bytes | None] = []
    stage = Answers({1: Skip("too old"), 3: Skip("too old"), 4: Skip("too old")})
    partition = Partition(seen.append, Topic(name="orders", max_messages=2), stage)
    partition.offer(1, 2, 3, 4)
    partition.settle()

    assert seen == [b"2"]
    assert partition.coordinator.position == 5


def test_what_a_stage_holds_waits_in_front_and_counts_no_attempt() -> None:
    seen: list[bytes | None] = []
    done = threading.Event()

    def perform(value: bytes | None) -> None:
        seen.append(value)
        if value == b"3":
            done.set()

    stage = Answers({2: Hold(clock.now_ns() / 1e9 + 3600)})
    partition = Partition(perform, Topic(name="orders"), stage)
    partition.offer(1, 2, 3)
    eventually(lambda: partition.coordinator.is_waiting, within=10, what="it waits")
    assert 3500 < partition.coordinator.due - clock.monotonic() <= 3600
    assert partition.coordinator.position == 2
    assert not partition.coordinator.wake(clock.monotonic())

    stage.answers.clear()
    assert partition.coordinator.wake(partition.coordinator.due)
    partition.work.put(partition.coordinator)
    assert done.wait(10)
    partition.settle()

    assert seen == [b"1", b"2", b"3"]
    assert stage.asked == [(1, 0), (2, 0), (2, 0), (3, 0)]


def test_a_stage_is_asked_again_about_a_retry_and_told_the_attempt() -> None:
    failing = threading.Event()

    def perform(value: bytes | None) -> None:
        failing.set()
        raise ValueError("boom")

    stage = Answers({})
    partition = Partition(perform, Topic(name="orders", pause=QUICK), stage)
    partition.offer(1)
    assert failing.wait(10)
    eventually(lambda: partition.coordinator.is_waiting, within=10, what="it waits")
    stage.answers[1] = Skip("too old by now")
    partition.retry()
    partition.settle()

    assert stage.asked == [(1, 0), (1, 1)]
    assert partition.coordinator.position == 2


def test_the_first_stage_that_does_not_admit_has_decided() -> None:
    first, second = Answers({1: Skip("no")}), Answers({})
    partition = Partition(lambda value: None, Topic(name="orders"), first, second)
    partition.offer(1, 2)
    partition.settle()

    assert second.asked == [(2, 0)]


def test_an_error_in_a_stage_is_dealt_with_as_an_error_of_the_job() -> None:
    done = threading.Event()
    stage = Answers({1: ZeroDivisionError()})
    queue = DeadLetterQueue("dead", max_retries=0)
    topic = Topic(name="orders", dead_letter_queue=queue, pause=QUICK)
    partition = Partition(lambda value: done.set(), topic, stage)
    partition.offer(1, 2)
    _retry_until(partition, done)
    partition.settle()

    assert partition.dead == [(1, "dead", 1)]
    assert partition.coordinator.position == 3


def test_what_is_quarantined_goes_aside_unperformed_and_the_next_one_is_performed() -> None:
    performed: list[bytes | None] = []
    partition = Partition(performed.append, Topic(name="orders"))
    record = Record(1, b"1")
    partition.coordinator.quarantine(record, WorkerDiedError("worker died"))

    if partition.coordinator.offer([record, Record(2, b"2")]):
        partition.work.put(partition.coordinator)
    partition.settle()

    assert performed == [b"2"]
    assert partition.dead == [(1, "orders_dead", 1)]
    assert partition.coordinator.position == 3


def test_what_is_quarantined_and_cannot_go_aside_waits_unperformed() -> None:
    performed: list[bytes | None] = []
    topic = Topic(name="orders", pause=QUICK)
    partition = Partition(performed.append, topic)
    partition.dead_fails = True
    record = Record(1, b"1")
    partition.coordinator.quarantine(record, WorkerDiedError("worker died"))
    if partition.coordinator.offer([record]):
        partition.work.put(partition.coordinator)
    eventually(lambda: partition.coordinator.is_waiting, what="it waits")
    assert partition.coordinator.position is None

    partition.dead_fails = False
    partition.retry()
    partition.settle()

    assert performed == []
    assert [offset for offset, _, _ in partition.dead] == [1]
    assert partition.coordinator.position == 2


def test_an_executor_waits_for_the_record_that_it_is_reserved_for() -> None:
    seen: list[bytes | None] = []
    partition = Partition(seen.append, Topic(name="orders"))

    eventually(partition.coordinator.reserve, within=10, what="an executor is there")
    assert partition.coordinator.position is None
    partition.offer(1, 2)
    partition.settle()
    assert seen == [b"1", b"2"]


def test_who_is_reserved_in_vain_goes_when_the_partition_is_interrupted() -> None:
    partition = Partition(lambda _: None, Topic(name="orders"))

    eventually(partition.coordinator.reserve, within=10, what="an executor is there")
    partition.coordinator.interrupt()
    partition.settle()


def test_no_executor_is_said_to_wait_while_all_are_busy() -> None:
    busy, may_end = threading.Event(), threading.Event()

    def perform(_: bytes | None) -> None:
        busy.set()
        assert may_end.wait(10)

    partition = Partition(perform, Topic(name="orders"))
    other = Coordinator(
        source=TopicPartition("orders", 1),
        topic=Topic(name="orders"),
        dispatch_dead=lambda _: None,
        stop_process=lambda _: None,
        invite=partition.work.put,
    )
    partition.offer(1)
    assert busy.wait(10)
    assert not other.reserve()
    assert not other.reserve()
    may_end.set()
    eventually(other.reserve, within=10, what="the executor is free")
    other.interrupt()
    partition.settle()
