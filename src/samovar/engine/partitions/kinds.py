"""Which kind of coordinator a topic's partitions have."""

from __future__ import annotations

from collections.abc import Callable

from samovar.broker.port import NewRecord, TopicPartition
from samovar.engine.consuming.consumption import Consumption
from samovar.engine.failing.recovery import DeadLetterDispatch
from samovar.engine.flow import assembly
from samovar.engine.flow.stages import Gate, Stage
from samovar.engine.partitions.batches import Batches
from samovar.engine.partitions.coordinator import Coordinator
from samovar.engine.partitions.lane_coordinator import LaneCoordinator
from samovar.engine.partitions.lanes import by_key
from samovar.engine.partitions.partition import Partition
from samovar.engine.producing.transactional_marks import Ledger, TransactionalMarks
from samovar.engine.routing.topic import Topic


def coordinate(
    source: TopicPartition,
    topic: Topic,
    *,
    executors: int,
    invite: Callable[[Partition], None],
    produce: Callable[[NewRecord], None],
    dispatch_dead: DeadLetterDispatch,
    stop_process: Callable[[BaseException], None],
    ledger: Ledger,
    first: Stage | None = None,
) -> Partition:
    """A partition that has just come, for a process with so many executors, to one of which
    `invite` gives it. `first` is asked before the topic's own stages.
    `ledger` stores what is marked in transactions.
    """
    gate = assembly.gate(topic, source)
    if first is not None:
        gate = first if gate is None else Gate((first, gate))
    if topic.ordering == "partition" and topic.virtual_partitions is None:
        transactions = TransactionalMarks(ledger, source) if marks_in_transactions(topic) else None
        return Coordinator(
            source=source,
            topic=topic,
            dispatch_dead=dispatch_dead,
            stop_process=stop_process,
            invite=invite,
            gate=gate,
            transactions=transactions,
            consumption=None
            if topic.consumer is None or transactions is None
            else Consumption(
                source=source,
                topic=topic,
                produce=produce,
                gate=gate,
                transactions=transactions,
            ),
        )
    return LaneCoordinator(
        source=source,
        topic=topic,
        dispatch_dead=dispatch_dead,
        stop_process=stop_process,
        executors=executors,
        invite=invite,
        lane_of=by_key if topic.ordering == "key" else None,
        batches=_batches(source, topic, executors),
        gate=gate,
    )


def marks_in_transactions(topic: Topic) -> bool:
    """Whether a position of this topic may move in a transaction: by a consumer, or with a dead
    job.
    """
    queue = topic.dead_letter_queue
    return topic.consumer is not None or (queue is not None and queue.transactional)


def _batches(source: TopicPartition, topic: Topic, executors: int) -> Batches | None:
    if topic.virtual_partitions is None:
        return None
    return Batches(
        source=source,
        settings=topic.virtual_partitions,
        size=topic.max_messages,
        executors=executors,
    )
