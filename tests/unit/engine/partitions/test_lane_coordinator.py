"""One partition whose jobs are performed side by side."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.flow.stages import ADMIT, Admission, Gate, Hold, Skip, Stage
from samovar.engine.partitions.batches import Batches
from samovar.engine.partitions.commit_metadata import CommitMetadata
from samovar.engine.partitions.lane_coordinator import MAX_UNDERWAY, LaneCoordinator
from samovar.engine.partitions.lanes import LaneOf, Lanes, by_key
from samovar.engine.routing.lanes import VirtualPartitions
from samovar.engine.routing.recovery import DeadLetterQueue, Pause
from samovar.engine.routing.topic import Topic
from samovar.errors import PayloadError
from samovar.job.outcome import Outcome, Poison
from samovar.processes.executor import Executor
from samovar.processes.work_queue import WorkQueue
from samovar.support import clock
from tests.support.eventually import eventually

SOURCE = TopicPartition("orders", 0)
QUICK = Pause(timeout=0.001, max_timeout=0.001)


class Partition:
    """A coordinator with its executors; the test is its listener."""

    def __init__(
        self,
        perform: Callable[[bytes | None], Any],
        topic: Topic | None = None,
        *stages: Stage,
        executors: int = 4,
        lane_of: LaneOf | None = None,
        virtual: VirtualPartitions | None = None,
        batch: int = 100,
    ) -> None:
        self.dead: list[tuple[int, int]] = []
        self.stops: list[bool] = []
        self.work = WorkQueue()
        self.coordinator = LaneCoordinator(
            source=SOURCE,
            topic=topic or Topic(name="orders", pause=QUICK),
            dispatch_dead=self._bury,
            stop_process=lambda _: self.stops.append(True),
            executors=executors,
            invite=self.work.put,
            lane_of=lane_of,
            batches=virtual
            and Batches(source=SOURCE, settings=virtual, size=batch, executors=executors),
            gate=Gate(stages) if stages else None,
        )
        self.executors = [
            Executor(
                index=index,
                work=self.work,
                perform=lambda value, *_: perform(value),
                stop_process=lambda _: self.stops.append(True),
            )
            for index in range(executors)
        ]
        for executor in self.executors:
            executor.start()

    def offer(self, *records: Record) -> None:
        self._invite(self.coordinator.offer(records))

    def offer_offsets(self, *offsets: int) -> None:
        self.offer(*(Record(offset, str(offset).encode()) for offset in offsets))

    def wake(self) -> None:
        self._invite(self.coordinator.wake(clock.monotonic()))

    def until(self, condition: Callable[[], object], what: str = "it") -> None:
        """Be the listener until it holds."""

        def turn() -> object:
            self.wake()
            return condition()

        eventually(turn, within=20, what=what)

    def close(self) -> None:
        self.work.close(len(self.executors))
        for executor in self.executors:
            executor.join(10)
            assert not executor.is_alive()

    @property
    def position(self) -> int | None:
        return self.coordinator.mark and self.coordinator.mark.position

    @property
    def finished(self) -> tuple[tuple[int, int], ...]:
        mark = self.coordinator.mark
        return CommitMetadata.decode(mark.metadata or "").finished if mark else ()

    def _invite(self, executors: int) -> None:
        for _ in range(executors):
            self.work.put(self.coordinator)

    def _bury(self, failure: Failure) -> None:
        self.dead.append((failure.record.offset, failure.attempts))


class Jobs:
    """Jobs that end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self._may_end: dict[int, threading.Event] = {}
        self._lock = threading.Lock()

    def perform(self, value: bytes | None) -> None:
        number = int(value or b"")
        with self._lock:
            event = self._may_end.setdefault(number, threading.Event())
            self.begun.append(number)
        assert event.wait(60)

    def end(self, *numbers: int) -> None:
        for number in numbers:
            with self._lock:
                event = self._may_end.setdefault(number, threading.Event())
            event.set()


def keyed(offsets: Iterable[int], keys: int) -> list[Record]:
    return [Record(o, str(o).encode(), str(o % keys).encode()) for o in offsets]


def test_jobs_run_side_by_side_and_the_lowest_unfinished_is_the_position() -> None:
    """G03: the committed offset never passes an unfinished job."""
    jobs = Jobs()
    partition = Partition(jobs.perform)
    partition.offer_offsets(0, 1, 2, 3, 4)
    eventually(lambda: len(jobs.begun) == 4, within=10)
    assert partition.position is None

    jobs.end(1, 3)
    partition.until(lambda: partition.finished == ((1, 1), (3, 3)))
    assert partition.position == 0
    jobs.end(0)
    partition.until(lambda: partition.position == 2)
    jobs.end(2, 4)
    partition.until(lambda: partition.position == 5)
    assert partition.finished == ()
    partition.close()


def test_jobs_of_one_key_run_in_order_and_of_others_beside_them() -> None:
    jobs = Jobs()
    partition = Partition(jobs.perform, lane_of=by_key)
    partition.offer(*keyed(range(6), keys=2))
    eventually(lambda: sorted(jobs.begun) == [0, 1], within=10)

    jobs.end(1, 3, 5)
    eventually(lambda: sorted(jobs.begun) == [0, 1, 3, 5], within=10)
    jobs.end(0, 2, 4)
    partition.until(lambda: partition.position == 6)
    assert [n for n in jobs.begun if n % 2 == 0] == [0, 2, 4]
    assert [n for n in jobs.begun if n % 2 == 1] == [1, 3, 5]
    partition.close()


def test_records_without_a_key_wait_for_nobody() -> None:
    jobs = Jobs()
    partition = Partition(jobs.perform, lane_of=by_key)
    partition.offer_offsets(0, 1, 2)

    eventually(lambda: sorted(jobs.begun) == [0, 1, 2], within=10)
    jobs.end(0, 1, 2)
    partition.close()


def test_a_failing_job_makes_its_own_lane_wait_and_no_other() -> None:
    """C01 and C02, lane by lane."""
    seen: list[int] = []

    def perform(value: bytes | None) -> None:
        seen.append(int(value or b""))
        if value == b"2" and seen.count(2) < 3:
            raise ValueError("boom")

    topic = Topic(name="orders", pause=Pause(timeout=0.05, max_timeout=0.05))
    partition = Partition(perform, topic, lane_of=by_key)
    partition.offer(*keyed(range(10), keys=2))
    eventually(lambda: {1, 3, 5, 7, 9} <= set(seen), within=10)
    assert 4 not in seen

    partition.until(lambda: partition.position == 10)
    assert [n for n in seen if n % 2 == 0] == [0, 2, 2, 2, 4, 6, 8]
    partition.close()


def test_after_its_retries_a_job_is_moved_aside_and_its_lane_goes_on() -> None:
    seen: list[int] = []

    def perform(value: bytes | None) -> None:
        seen.append(int(value or b""))
        if value in (b"2", b"3"):
            raise ValueError("boom")

    queue = DeadLetterQueue("dead", max_retries=1)
    topic = Topic(name="orders", pause=QUICK, dead_letter_queue=queue)
    partition = Partition(perform, topic, lane_of=by_key)
    partition.offer(*keyed(range(6), keys=2))

    partition.until(lambda: partition.position == 6)
    assert sorted(partition.dead) == [(2, 2), (3, 2)]
    assert Counter(seen) == {0: 1, 1: 1, 2: 2, 3: 2, 4: 1, 5: 1}
    partition.close()


def test_what_is_no_job_goes_aside_at_once() -> None:
    def perform(value: bytes | None) -> Outcome:
        return Poison(PayloadError("no job"))

    partition = Partition(perform)
    partition.offer_offsets(0, 1, 2)

    partition.until(lambda: partition.position == 3)
    assert sorted(partition.dead) == [(0, 1), (1, 1), (2, 1)]
    partition.close()


def test_what_an_earlier_owner_finished_is_left_out() -> None:
    seen: list[int] = []
    partition = Partition(lambda value: seen.append(int(value or b"")))
    partition.coordinator.recall(CommitMetadata(finished=((1, 2), (5, 5))).encode())
    partition.offer_offsets(*range(7))

    partition.until(lambda: partition.position == 7)
    assert sorted(seen) == [0, 3, 4, 6]
    partition.close()


def test_an_interruption_lets_running_jobs_end_and_no_other_begin() -> None:
    """G08, for one process."""
    jobs = Jobs()
    partition = Partition(jobs.perform)
    partition.offer_offsets(*range(8))
    eventually(lambda: len(jobs.begun) == 4, within=10)

    partition.coordinator.interrupt()
    assert not partition.coordinator.wait_until_at_rest(0)
    assert sorted(r.offset for r in partition.coordinator.running) == [0, 1, 2, 3]
    jobs.end(*range(8))
    assert partition.coordinator.wait_until_at_rest(10)
    assert sorted(jobs.begun) == [0, 1, 2, 3]
    assert partition.position == 4
    partition.close()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_an_error_of_the_process_leaves_the_job_unmarked_and_stops(error: BaseException) -> None:
    def perform(value: bytes | None) -> None:
        if value == b"1":
            raise error

    partition = Partition(perform, executors=1)
    partition.offer_offsets(0, 1, 2)
    eventually(lambda: partition.stops == [True], within=10)

    assert partition.coordinator.wait_until_at_rest(10)
    assert partition.position == 1
    assert partition.dead == []
    partition.close()


def test_while_too_much_is_unfinished_no_further_job_begins() -> None:
    jobs = Jobs()
    partition = Partition(jobs.perform, lane_of=by_key)
    last = 5 * MAX_UNDERWAY
    jobs.end(*range(1, last))
    # Every second record waits behind the first one; the others end at once.
    partition.offer(
        *(Record(n, str(n).encode(), b"x" if n % 2 or not n else None) for n in range(last))
    )

    # The first one and those behind it fill the room; between them the others are done.
    partition.until(lambda: len(jobs.begun) == MAX_UNDERWAY - 1)
    assert len(partition.finished) == MAX_UNDERWAY - 2
    assert max(jobs.begun) < 2 * MAX_UNDERWAY
    jobs.end(0)
    partition.until(lambda: partition.position == last)
    partition.close()


class Answers:
    def __init__(self, answers: dict[int, Admission]) -> None:
        self.answers = answers

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        return self.answers.get(record.offset, ADMIT)


def test_what_a_stage_skips_or_holds_is_skipped_or_held() -> None:
    seen: list[int] = []
    stage = Answers({1: Skip("old"), 3: Hold(clock.now_ns() / 1e9 + 3600), 5: Skip("old")})
    partition = Partition(lambda value: seen.append(int(value or b"")), None, stage)
    partition.offer_offsets(*range(6))
    partition.until(lambda: partition.coordinator.is_waiting)
    assert sorted(seen) == [0, 2]
    assert partition.position == 3
    assert 3500 < partition.coordinator.due - clock.monotonic() <= 3600

    del stage.answers[3]
    partition._invite(partition.coordinator.wake(partition.coordinator.due + 1))
    partition.close()
    assert sorted(seen) == [0, 2]


def test_ordered_jobs_stay_in_order_whatever_fails_and_whenever() -> None:
    """Many short jobs of eight keys on many threads, a tenth of them failing at first."""
    running: Counter[int] = Counter()
    failed: set[int] = set()
    orders: dict[int, list[int]] = {key: [] for key in range(8)}
    wrong: list[int] = []

    def perform(value: bytes | None) -> None:
        number = int(value or b"")
        key = number % 8
        running[key] += 1
        if running[key] != 1:
            wrong.append(number)
        time.sleep(0)
        running[key] -= 1
        if number % 10 == 3 and number not in failed:
            failed.add(number)
            raise ValueError("boom")
        orders[key].append(number)

    partition = Partition(perform, executors=8, lane_of=by_key)
    for begin in range(0, 1200, 300):
        partition.offer(*keyed(range(begin, begin + 300), keys=8))
        partition.wake()
    partition.until(lambda: partition.position == 1200)

    assert wrong == []
    assert orders == {key: list(range(key, 1200, 8)) for key in range(8)}
    partition.close()


BY_KEY = VirtualPartitions(partitioner=lambda record: record.key, reducer=lambda key: key)


def test_a_batch_is_spread_over_lanes_and_marked_at_its_end() -> None:
    """G01 and G03."""
    jobs = Jobs()
    partition = Partition(jobs.perform, virtual=BY_KEY, batch=6)
    partition.offer(*keyed(range(8), keys=3))
    eventually(lambda: sorted(jobs.begun) == [0, 1, 2], within=10)

    jobs.end(0, 1, 3, 4)
    eventually(lambda: sorted(jobs.begun) == [0, 1, 2, 3, 4], within=10)
    assert partition.position is None, "half a batch is not marked"
    jobs.end(2, 5)
    partition.until(lambda: partition.position == 6)
    eventually(lambda: sorted(jobs.begun) == list(range(8)), within=10)
    jobs.end(6, 7)
    partition.until(lambda: partition.position == 8)
    partition.close()


def test_after_a_failure_the_rest_of_the_batch_is_done_in_order_and_the_next_is_spread() -> None:
    """C02 with virtual partitions: what was done before is not done again."""
    jobs, seen, failing = Jobs(), list[int](), {2}

    def perform(value: bytes | None) -> None:
        number = int(value or b"")
        if number in failing:
            failing.discard(number)
            jobs.perform(b"%d" % number)
            raise ValueError("boom")
        seen.append(number)
        jobs.perform(value)

    partition = Partition(perform, virtual=BY_KEY, batch=9)
    partition.offer(*keyed(range(18), keys=3))
    eventually(lambda: sorted(jobs.begun) == [0, 1, 2], within=10)
    jobs.end(0)
    eventually(lambda: 3 in jobs.begun, within=10)
    jobs.end(2)
    eventually(lambda: partition.coordinator._pool, within=10)
    jobs.end(1, 3)
    partition.until(lambda: len(jobs.begun) == 6)
    assert sorted(jobs.begun) == [0, 1, 2, 2, 3, 4]
    assert partition.position == 4, "in order the position moves job by job"

    jobs.end(*range(9))
    partition.until(lambda: partition.position == 9)
    assert seen[:9] == [0, 1, 3, 2, 4, 5, 6, 7, 8] or seen[:9] == [1, 0, 3, 2, 4, 5, 6, 7, 8]
    partition.until(lambda: sorted(jobs.begun[-3:]) == [9, 10, 11])
    jobs.end(*range(18))
    partition.until(lambda: partition.position == 18)
    partition.close()


def test_a_batch_that_an_executor_lets_in_is_spread_without_the_listener() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def perform(value: bytes | None) -> None:
        meeting.wait()

    virtual = VirtualPartitions(partitioner=lambda r: r.offset, reducer=lambda offset: offset)
    partition = Partition(perform, virtual=virtual, batch=2, executors=2)

    partition.offer_offsets(*range(8))

    eventually(lambda: not partition.coordinator.backlog, within=20)
    assert not meeting.broken
    partition.close()


def test_a_batch_whose_job_fails_for_good_goes_on_behind_its_dead_letter() -> None:
    seen: list[int] = []

    def perform(value: bytes | None) -> None:
        seen.append(int(value or b""))
        if value == b"4":
            raise ValueError("boom")

    queue = DeadLetterQueue("dead", max_retries=1)
    topic = Topic(name="orders", pause=QUICK, dead_letter_queue=queue)
    partition = Partition(perform, topic, virtual=BY_KEY)
    partition.offer(*keyed(range(30), keys=3))

    partition.until(lambda: partition.position == 30)
    assert partition.dead == [(4, 2)]
    assert Counter(seen) == {n: 2 if n == 4 else 1 for n in range(30)}
    partition.close()


def test_a_partitioner_that_fails_is_told_once_and_the_batch_is_done_in_order() -> None:
    """G05."""
    seen: list[int] = []
    told: list[Exception] = []

    @events.subscribe("partitioner.failed")
    def tell(event: events.Event) -> None:
        told.append(event.payload["error"])

    virtual = VirtualPartitions(partitioner=lambda record: 1 // 0)
    partition = Partition(lambda value: seen.append(int(value or b"")), virtual=virtual)
    partition.offer_offsets(*range(20))

    partition.until(lambda: partition.position == 20)
    events.unsubscribe(tell)
    assert seen == list(range(20))
    assert [type(error) for error in told] == [ZeroDivisionError]
    partition.close()


def test_who_finishes_works_the_batch_off_and_begins_no_other() -> None:
    jobs = Jobs()
    partition = Partition(jobs.perform, virtual=BY_KEY, batch=6)
    partition.offer(*keyed(range(12), keys=3))
    eventually(lambda: sorted(jobs.begun) == [0, 1, 2], within=10)

    partition.coordinator.finish()
    assert partition.coordinator.is_running
    jobs.end(*range(12))
    eventually(lambda: not partition.coordinator.is_running, within=10)
    assert sorted(jobs.begun) == list(range(6))
    assert partition.position == 6
    partition.close()


@pytest.mark.parametrize("is_hung", [3, 1])
def test_who_is_ended_by_force_has_marked_what_is_done_of_the_batch(is_hung: int) -> None:
    """A stop that waits in vain for one job: what its neighbours finished is not repeated."""
    jobs = Jobs()
    partition = Partition(jobs.perform, virtual=BY_KEY, batch=6)
    partition.offer(*keyed(range(12), keys=3))
    eventually(lambda: sorted(jobs.begun) == [0, 1, 2], within=10)

    partition.coordinator.finish()
    others = [n for n in range(6) if n % 3 != is_hung % 3]
    jobs.end(*others, *(n for n in range(6) if n < is_hung))
    partition.until(lambda: partition.finished == (((4, 5),) if is_hung == 3 else ((2, 3), (5, 5))))

    assert partition.position == is_hung
    assert partition.coordinator.is_running
    jobs.end(*range(12))
    assert partition.coordinator.wait_until_at_rest(10)
    partition.close()


def test_who_is_interrupted_marks_what_is_done_of_the_batch() -> None:
    """G08: every lane stops before its next job, and none is repeated by the next owner."""
    jobs = Jobs()
    partition = Partition(jobs.perform, virtual=BY_KEY, batch=6)
    partition.offer(*keyed(range(12), keys=3))
    eventually(lambda: sorted(jobs.begun) == [0, 1, 2], within=10)
    jobs.end(0)
    eventually(lambda: sorted(jobs.begun) == [0, 1, 2, 3], within=10)

    partition.coordinator.interrupt()
    jobs.end(1, 3)
    partition.until(lambda: partition.position == 2)
    assert partition.finished == ((3, 3),)
    jobs.end(*range(12))
    assert partition.coordinator.wait_until_at_rest(10)
    assert sorted(jobs.begun) == [0, 1, 2, 3]
    assert partition.position == 4
    partition.close()


@pytest.mark.parametrize("seed", range(2))
def test_batches_lose_nothing_and_keep_each_key_in_order_whatever_fails(seed: int) -> None:
    chance = Random(seed)
    failing = {n: chance.randint(1, 3) for n in range(600) if chance.random() < 0.03}
    orders: dict[int, list[int]] = {key: [] for key in range(7)}
    busy: Counter[int] = Counter()
    wrong: list[int] = []

    def perform(value: bytes | None) -> None:
        number = int(value or b"")
        busy[number % 7] += 1
        if busy[number % 7] > 1:
            wrong.append(number)
        time.sleep(0)
        busy[number % 7] -= 1
        if failing.get(number):
            failing[number] -= 1
            raise ValueError("boom")
        orders[number % 7].append(number)

    partition = Partition(perform, virtual=BY_KEY, batch=chance.randint(1, 90))
    for begin in range(0, 600, 50):
        partition.offer(*keyed(range(begin, begin + 50), keys=7))
        partition.wake()
    partition.until(lambda: partition.position == 600)

    assert wrong == []
    assert orders == {key: list(range(key, 600, 7)) for key in range(7)}
    partition.close()


@given(st.lists(st.sampled_from("abcd"), max_size=60), st.randoms(use_true_random=False))
def test_lanes_give_out_each_record_once_and_each_lane_in_order(
    keys: list[str], random: Random
) -> None:
    lanes = Lanes(by_key)
    arriving = [Record(n, b"", key.encode()) for n, key in enumerate(keys)]
    working, given_out = list[Record](), list[Record]()
    while arriving or lanes.ready or working:
        move = random.randrange(3)
        if move == 0 and arriving:
            lanes.enter(arriving.pop(0))
        elif move == 1 and lanes.ready:
            working.append(lanes.ready.popleft())
            given_out.append(working[-1])
            assert len({r.key for r in working}) == len(working), "one of a lane at a time"
        elif move == 2 and working:
            done = working.pop(random.randrange(len(working)))
            lanes.ready.extend(filter(None, [lanes.leave(done)]))

    assert sorted(r.offset for r in given_out) == list(range(len(keys)))
    for key in set(keys):
        offsets = [r.offset for r in given_out if r.key == key.encode()]
        assert offsets == sorted(offsets)
