"""What is known of the earlier runs of a partition that has come back."""

from __future__ import annotations

import gc
import weakref
from typing import Any, cast

import pytest

from samovar.broker.port import Batch, NewRecord, Record, TopicPartition
from samovar.engine.consuming.consumption import Consumption
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.failing.recovery import Recovery
from samovar.engine.flow.decisions import Abandon, DeadLetter, Stop
from samovar.engine.flow.stages import ADMIT, Skip
from samovar.engine.partitions.coordinator import Coordinator
from samovar.engine.partitions.earlier_runs import Departed, EarlierRuns
from samovar.engine.partitions.lane_coordinator import LaneCoordinator
from samovar.engine.partitions.partition import Partition
from samovar.engine.polling.entrances import Entrances
from samovar.engine.polling.settling import SETTLE_SECONDS, Settling
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.engine.routing.recovery import DeadLetterQueue
from samovar.engine.routing.topic import Topic
from samovar.errors import BrokerUnavailableError
from samovar.job.outcome import Failed
from samovar.support import clock
from samovar.support.tenure import Tenure
from tests.support.transaction_log import TransactionLog

SOURCE = TopicPartition("orders", 0)
RECORDS = [Record(offset, b"%d" % offset, b"k", timestamp=5) for offset in range(4)]
DEAD = Topic(name="orders", dead_letter_queue=DeadLetterQueue("dead", max_retries=0))
ANOTHER_TOPIC = [Record(offset, b"%d" % offset, b"k", timestamp=6) for offset in range(4)]


def in_order() -> Coordinator:
    return Coordinator(
        source=SOURCE, topic=DEAD, dispatch_dead=lambda _: None, stop_process=lambda _: None
    )


def side_by_side() -> LaneCoordinator:
    return LaneCoordinator(
        source=SOURCE,
        topic=DEAD,
        dispatch_dead=lambda _: None,
        stop_process=lambda _: None,
        executors=1,
        invite=lambda _: None,
    )


def leave_amid(
    partition: Coordinator | LaneCoordinator, departed: Departed, *, error: bool = False
) -> None:
    """Perform the first record; the partition leaves meanwhile."""

    def perform(*_: object) -> None:
        partition.leave()
        departed.keep("app", [partition])
        partition.tenure.is_over = True
        if error:
            raise ValueError("too late")

    partition.offer(RECORDS)
    assert partition.begin()
    partition.share(perform)
    partition.end()


def answers(runs: EarlierRuns, records: list[Record]) -> list[object]:
    return [runs.admit(record, 0.0, 0) for record in records]


@pytest.mark.parametrize("make", [in_order, side_by_side])
def test_what_ended_well_after_its_partition_had_left_is_left_out(make: Any) -> None:
    departed = Departed()
    leave_amid(make(), departed)

    runs = departed.take("app", SOURCE)
    assert runs is not None
    assert runs.are_at_rest()
    first, *others = answers(runs, RECORDS)
    assert isinstance(first, Skip)
    assert others == [ADMIT] * 3
    assert answers(runs, ANOTHER_TOPIC) == [ADMIT] * 4, "the topic was made anew"
    assert departed.take("app", SOURCE) is None


@pytest.mark.parametrize("make", [in_order, side_by_side])
def test_what_failed_after_its_partition_had_left_is_performed_again(make: Any) -> None:
    departed = Departed()
    leave_amid(make(), departed, error=True)

    runs = departed.take("app", SOURCE)
    assert runs is not None
    assert runs.are_at_rest()
    assert answers(runs, RECORDS) == [ADMIT] * 4


def test_of_a_lost_partition_the_last_job_counts_too() -> None:
    """Its process lives, and could not commit it: a call held up all threads."""
    departed, partition = Departed(), in_order()
    partition.offer(RECORDS[:2])
    partition.begin()
    partition.share(lambda *_: None)
    partition.end()
    partition.leave()
    departed.keep("app", [partition])

    runs = departed.take("app", SOURCE)
    assert runs is not None
    assert runs.offsets == [1]
    assert runs.are_at_rest()
    assert isinstance(runs.admit(RECORDS[1], 0.0, 0), Skip)


def test_of_partitions_that_never_come_back_no_record_that_waited_is_kept() -> None:
    departed, left = Departed(), in_order()
    waiting = weakref.ref(left)
    leave_amid(left, departed)
    del left
    leave_amid(in_order(), departed)
    gc.collect()

    assert waiting() is None
    runs = departed.take("app", SOURCE)
    assert runs is not None
    assert runs.are_at_rest()
    assert isinstance(runs.admit(RECORDS[0], 0.0, 0), Skip)


class Running:
    """A partition whose only job runs until the test says otherwise."""

    source = SOURCE

    def __init__(self) -> None:
        self.is_running = True

    @property
    def running(self) -> tuple[Record, ...]:
        return (RECORDS[0],)

    def in_work(self) -> tuple[Record, ...]:
        return (RECORDS[0],)

    def has_finished(self, record: Record) -> bool:
        return record == RECORDS[0]


def test_a_partition_waits_for_its_earlier_run_even_when_it_leaves_again_meanwhile() -> None:
    departed, running = Departed(), Running()
    departed.keep("app", [cast(Partition, running)])
    for _ in range(2):
        entrances = Entrances(lambda: True)
        entrances.assigned(SOURCE, departed.take("app", SOURCE))
        assert entrances.admit([Batch(SOURCE, RECORDS[:2])]) == []
        assert entrances.holds(SOURCE)
        runs = entrances.forget(SOURCE)
        assert runs is not None
        departed.keep_runs("app", SOURCE, runs)

    entrances = Entrances(lambda: True)
    entrances.assigned(SOURCE, runs := departed.take("app", SOURCE))
    assert runs is not None
    assert entrances.admit([Batch(SOURCE, RECORDS[:2])]) == []
    assert departed.running == [(SOURCE, RECORDS[0])], "a stop by force names it"
    running.is_running = False
    assert departed.running == []
    assert entrances.admit([Batch(SOURCE, RECORDS[2:])]) == [
        Batch(SOURCE, RECORDS[:2]),
        Batch(SOURCE, RECORDS[2:]),
    ]
    assert isinstance(runs.admit(RECORDS[0], 0.0, 0), Skip)
    assert not entrances.holds(SOURCE)


def test_nothing_begins_before_the_processes_that_start_together_have_joined() -> None:
    settling = Settling(processes=4, partitions=lambda: 10)
    assert not settling.is_over(10)
    assert not settling.is_over(5)
    assert settling.is_over(3)
    assert settling.is_over(10), "somebody has left since"
    assert Settling(processes=1, partitions=lambda: 10).is_over(10)


def test_who_is_waited_for_in_vain_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise BrokerUnavailableError("away")

    now = clock.monotonic()
    for partitions in (lambda: 8, away):
        monkeypatch.setattr(clock, "monotonic", lambda: now)
        settling = Settling(processes=2, partitions=partitions)
        assert not settling.is_over(8)
        monkeypatch.setattr(clock, "monotonic", lambda: now + SETTLE_SECONDS)
        assert settling.is_over(8)


def test_who_has_lost_the_partition_writes_no_dead_job() -> None:
    written: list[NewRecord] = []
    tenure = Tenure()
    recovery = Recovery(
        source=SOURCE, topic=DEAD, dispatch_dead=letters(written).dispatch, tenure=tenure
    )
    assert isinstance(recovery.failed(RECORDS[0], Failed(ValueError())), DeadLetter)
    assert len(written) == 1

    tenure.is_over = True
    assert recovery.failed(RECORDS[1], Failed(ValueError())) == Abandon()
    assert recovery.failed(RECORDS[1], Failed(SystemExit())) == Stop()
    assert len(written) == 1


def test_who_loses_the_partition_on_the_way_writes_no_dead_job_either() -> None:
    written: list[NewRecord] = []
    tenure = Tenure()
    office = letters(written, on_look=lambda: setattr(tenure, "is_over", True))
    recovery = Recovery(source=SOURCE, topic=DEAD, dispatch_dead=office.dispatch, tenure=tenure)

    assert recovery.failed(RECORDS[0], Failed(ValueError())) == Abandon()
    assert written == []


@pytest.mark.parametrize("listens", [True, False])
def test_a_batch_that_has_heard_of_the_end_is_not_taken_for_whole(listens: bool) -> None:
    from samovar import Consumer

    class Worker(Consumer):
        def consume(self) -> None:
            consumption.leave()
            departed.keep("app", [partition])
            consumption.on_leave("revoked")
            assert not listens or self.is_revoked

    departed = Departed()
    topic = Topic(name="orders", consumer=Worker)
    transactions = TransactionalMarks(TransactionLog().ledger, SOURCE)
    consumption = Consumption(
        source=SOURCE,
        topic=topic,
        produce=lambda _: None,
        gate=None,
        transactions=transactions,
    )
    partition = Coordinator(
        source=SOURCE,
        topic=topic,
        dispatch_dead=lambda _: None,
        stop_process=lambda _: None,
        consumption=consumption,
    )
    partition.offer(RECORDS)
    partition.begin()
    partition.share(lambda *_: None)
    partition.end()

    runs = departed.take("app", SOURCE)
    assert runs is not None
    assert runs.are_at_rest()
    assert [a is ADMIT for a in answers(runs, RECORDS)] == [listens] * 4


def letters(written: list[NewRecord], on_look: Any = lambda: None) -> DeadLetters:
    class Producer:
        def produce_sync(self, records: list[NewRecord]) -> None:
            written.extend(records)

    class Topics:
        def partitions(self, name: str) -> int:
            on_look()
            return 1

    return DeadLetters(
        group="app",
        producer=cast(Any, Producer()),
        deliveries=cast(Any, None),
        topics=cast(Any, Topics()),
    )
