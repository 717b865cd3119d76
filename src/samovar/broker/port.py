"""The port to a partitioned, replayable log: what the engine asks of any broker.

A broker keeps topics; a topic has partitions; a partition is a sequence of records with
ascending offsets (gaps are legal). A consumer belongs to a group; each partition is held by
at most one consumer of a group. All offsets are those of the next record to read.

Two brokers fulfil it: `samovar.broker.kafka` and `samovar.broker.embedded`. The suite that a
third one must pass is `samovar.testing.contracts.BrokerContract`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from samovar.errors import BrokerError

#: Header names with their raw values, in order; names may repeat.
Headers = tuple[tuple[str, bytes], ...]
#: Nothing is asked of how records are sent.
NO_CONFIG: Mapping[str, Any] = MappingProxyType({})


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record as it lies in a partition."""

    #: Its place in the partition.
    offset: int
    #: The payload; None is a tombstone.
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    #: When it was made, milliseconds since the epoch.
    timestamp: int = 0


#: Bytes of UTF-8 that the text of a commit may have (Kafka's own limit excludes its 4,096).
METADATA_BYTES = 4095
#: How long a closing consumer waits for its group, in seconds, unless the caller says otherwise.
LEAVE_SECONDS = 10.0
#: Nothing to commit.
NO_MARKS: Mapping[TopicPartition, int] = MappingProxyType({})
#: What goes with positions that are stored without a text.
NO_METADATA: Mapping[TopicPartition, str] = MappingProxyType({})


class Batch(msgspec.Struct, frozen=True):
    """Records of one partition, in offset order, as one poll returned them."""

    source: TopicPartition
    records: list[Record]


class Delivery(msgspec.Struct, frozen=True):
    """A record that a share group has handed to one of its members, and locked for a while."""

    source: TopicPartition
    record: Record
    #: How often the record was handed out, this time included.
    count: int = 1


class NewRecord(msgspec.Struct, frozen=True, gc=False):
    """A record on its way to a topic."""

    topic: str
    value: bytes | None
    #: Records of one key go to one partition; without a key the broker chooses.
    key: bytes | None = None
    headers: Headers = ()
    #: The partition, when the sender insists on one.
    partition: int | None = None
    #: When it may come, nanoseconds since the epoch; only for a producer that `schedules`. It then
    #: waits outside its topic, and is put at the topic's end when its time has come, never before.
    due_ns: int | None = None
    #: What it can be cancelled by while it waits, in place of what waits under the same key.
    schedule_key: str | None = None
    #: When it was made, milliseconds since the epoch; None is now.
    timestamp: int | None = None


class Written(NamedTuple):
    """Where a record was stored. One that waits has no place yet: partition and offset are -1. Of
    one that was sent with acks=0 the offset is not known: -1 too.
    """

    source: TopicPartition
    offset: int


class Watermarks(NamedTuple):
    """The offsets that a partition spans."""

    #: Offset of the first record that still exists (or `high` when there is none).
    low: int
    #: Offset that the next record will get.
    high: int


class Commit(NamedTuple):
    """What a group has committed for a partition."""

    #: Offset of the next record to work on.
    position: int
    #: A text of the committer's own, up to `METADATA_BYTES`.
    metadata: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A topic to create."""

    name: str
    partitions: int
    #: Copies of each partition; None leaves it to the broker's default.
    replication_factor: int | None = None
    #: The broker's own topic settings, such as ``{"retention.ms": "86400000"}``.
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Whether it is made for what failed for good, which no worker serves unasked.
    is_dead_letter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerOptions:
    """How one consumer differs from what the broker's settings say."""

    #: Where its group begins in a partition of which it has committed nothing.
    initial_offset: Literal["earliest", "latest"] = "earliest"
    #: Properties of the broker's own client; a broker without such a client passes them over.
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    #: What tells this consumer from the others of its group that share its settings: it makes the
    #: id of a static member unique. The same in each run of the process.
    member: str = ""


#: As the settings say.
PLAIN = ConsumerOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """A topic as it is."""

    partitions: int
    #: None where there is no such thing.
    replication_factor: int | None = None
    #: The broker's settings in force for the topic, as text; None where there are none.
    config: Mapping[str, str] | None = None


def config_text(value: object) -> str:
    """A setting of a topic as the broker writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class RebalanceListener(Protocol):
    """Called on the polling thread, inside `poll` or `close`, as partitions come and go."""

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """These partitions are ours from now on; none of them is paused."""
        ...

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """These are about to leave: `store` still works, and is committed right after."""
        ...

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """These already belong to somebody else: nothing more can be stored."""
        ...


class Consumer(Protocol):
    """A member of a group. Only one thread, its owner, may call it, except `wake`."""

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group for these topics; again, and they take the place of the earlier ones."""
        ...

    def assign(self, partitions: Sequence[TopicPartition], listener: RebalanceListener) -> None:
        """Read these partitions and no others, without being a member; in place of `subscribe`.

        Nobody shares or takes them. What is stored is committed to the group, which must have no
        members meanwhile. Again, and the partitions take the place of the earlier ones. The
        listener hears of them in the next `poll`, and that they leave in `close`.
        """
        ...

    def poll(self, max_records: int, timeout: float) -> list[Batch]:
        """Wait up to `timeout` seconds for a record, then take what is there, up to `max_records`.

        Returns early, and possibly empty, after a rebalance or `wake`. A partition's batches
        follow on from each other: what was returned once is not returned again unless `seek`
        or a new assignment goes back.

        Raises:
            BrokerError: the consumer cannot go on and must be made anew.
        """
        ...

    def keep_alive(self) -> None:
        """Show that this member lives, from within a callback that takes its time: every second."""
        ...

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of these until `resume`; the position stays."""
        ...

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Undo `pause`."""
        ...

    def seek(self, source: TopicPartition, offset: int) -> None:
        """Go on from this offset."""
        ...

    def store(
        self,
        positions: Mapping[TopicPartition, int],
        metadata: Mapping[TopicPartition, str] = NO_METADATA,
    ) -> frozenset[TopicPartition]:
        """Note what to commit: for each partition the offset of the next record to work on.

        With some of them goes a text of at most `METADATA_BYTES`, which takes the place of an
        earlier one even when the offset is the same.

        Committed every `commit_interval`, when partitions are revoked and on `close`. Returns
        those partitions that are not ours any more; their positions are dropped.
        """
        ...

    @property
    def pace(self) -> float:
        """How soon what is finished is worth storing, in seconds: where commits cost next to
        nothing, much sooner than every `commit_interval`. What was stored is committed then.
        """
        ...

    def passed(self, positions: Mapping[TopicPartition, int]) -> None:
        """An `AtomicProducer` has committed these: what was stored before and lies below is not to
        be committed any more.
        """
        ...

    def commit(self) -> None:
        """Commit now what was stored, and wait for it."""
        ...

    def commit_soon(self) -> None:
        """Have committed soon what was stored with a text; later polls see to it.

        Raises:
            BrokerError: it cannot be committed now.
        """
        ...

    def is_committed(self, source: TopicPartition) -> bool:
        """Whether no text that was stored for this partition waits to be committed."""
        ...

    def commits(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Commit]:
        """What the group has committed for these; partitions without a commit are absent.

        Raises:
            BrokerError: it cannot be had now.
        """
        ...

    def membership(self) -> object:
        """What lets an `AtomicProducer` of the same log commit for this member, until the next
        rebalance; None while it has not joined.
        """
        ...

    def wake(self) -> None:
        """Make a running `poll` return soon. Any thread may call this."""
        ...

    def close(self, timeout: float = LEAVE_SECONDS) -> None:
        """Revoke everything (the listener hears it), commit, leave the group.

        What a broker lets wait longer than `timeout` seconds is left to go on by itself.
        """
        ...


class ShareConsumer(Protocol):
    """A member of a share group, which hands each record to one member, whatever its partition, and
    keeps no order. Only one thread, its owner, may call it, except `wake`.
    """

    def subscribe(self, topics: Sequence[str]) -> None:
        """Join the group for these topics; again, and they take the place of the earlier ones."""
        ...

    def poll(self, timeout: float) -> list[Delivery]:
        """Wait up to `timeout` seconds for records, and take some. Each of those that an earlier
        poll took must have been accepted.

        They may be many more than were asked for: what one request of a producer wrote together is
        handed out together.

        Raises:
            BrokerError: the consumer cannot go on and must be made anew.
        """
        ...

    def accept(self, deliveries: Iterable[Delivery]) -> None:
        """These are done with. The group hears it soon, at the latest in the next `poll`."""
        ...

    def wake(self) -> None:
        """Make a running `poll` return soon. Any thread may call this."""
        ...

    def close(self) -> None:
        """Tell what was accepted, and leave. What was not is handed out again."""
        ...


class Barrier(Protocol):
    """Stands for all records handed to a producer before it was made."""

    @property
    def passed(self) -> bool:
        """Whether each of them is stored, or has failed for good and was reported."""
        ...


#: Called with a record's index and what became of it: where it is stored, or why it is not.
#: Comes from any thread, and must be quick and raise nothing.
OnDelivery = Callable[[int, Written | BrokerError], None]


class Deliveries(Protocol):
    """What was handed over and is on its way: that of one producer, or of several."""

    def barrier(self) -> Barrier:
        """A mark behind everything produced so far."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for outstanding records; how many are still out."""
        ...

    def close(self, timeout: float) -> int:
        """Flush and let go for good; how many records were not delivered. What is produced from
        now on raises ProducerClosedError.
        """
        ...


class Producer(Deliveries, Protocol):
    """Writes records. Any thread may call it; made anew in a forked process."""

    @property
    def schedules(self) -> bool:
        """Whether it keeps records until they are due. If not, callers must not give `due_ns`."""
        ...

    def produce(self, record: NewRecord) -> None:
        """Hand one record over. It may be stored later; a failure then is an event.

        Raises:
            QueueFullError: the buffer stayed full.
        """
        ...

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        """Hand several over, in order, as cheaply as the broker can.

        Returns why records were refused, by their index; all others were handed over.

        Raises:
            BrokerError: none was handed over, for a reason that is none of the records' own.
        """
        ...

    def produce_each(
        self, records: Sequence[NewRecord], on_delivery: OnDelivery
    ) -> Mapping[int, BrokerError]:
        """`produce_many`, with one call of `on_delivery` for each record that was handed over. A
        failure is then no event: `on_delivery` has to deal with it.
        """
        ...

    def produce_sync(
        self, records: Sequence[NewRecord], timeout: float | None = None
    ) -> list[Written]:
        """Hand over and wait until all are stored; up to `timeout` seconds, by default as long as
        an answer may take.

        Raises:
            DeliveryUnknownError: no answer in time.
            DeliveryFailedError: at least one was refused.
        """
        ...

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until delivery reports make the condition true; whether they did within `timeout`
        seconds, by default as long as an answer may take.
        """
        ...

    def cancel_scheduled(self, key: str) -> bool:
        """Drop what waits under this `schedule_key`; whether there was something.

        When it answers True none of these records comes any more; when False, each has come.
        """
        ...


class AtomicProducer(Protocol):
    """Writes records to any topics, all of them or none. Only one thread, its owner, may call it.

    It bears a name, and one producer of a name is in force: the one that was made last. What an
    earlier one has not finished when the new one first writes is undone.
    """

    def produce_atomically(
        self,
        records: Sequence[NewRecord],
        marks: Mapping[TopicPartition, int] = NO_MARKS,
        member: object = None,
    ) -> list[Written]:
        """Store all of them or, on an error, none; return where. They become visible together, and
        together with them the `marks` are committed: positions of partitions that the consumer
        holds whose `membership` is `member`.

        Raises:
            FencedError: a newer producer of this name is in force; this one is of no use.
            DeliveryFailedError: a record was refused; none is stored, and this producer may go on.
            UnknownTopicError: a topic does not exist; none is stored, and this producer may go on.
            AssignmentLostError: the member's partitions are not its own any more, or its membership
                is out of date; none is stored, and this producer may go on.
            BrokerError: all or none of them are stored; only reading shows which. Make a new one of
                this name: once it has written, were it nothing, all that this one began is over.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Admin(Protocol):
    """Looks at and changes topics and groups. Any thread may call it."""

    def topics(self, names: Collection[str] | None = None) -> dict[str, int]:
        """Name of each topic and its number of partitions; of these alone if there are `names`,
        which costs no more however many others there are.
        """
        ...

    def dead_letter_topics(self) -> frozenset[str]:
        """Names of those created as dead letter topics, if the broker remembers that; else none."""
        ...

    def create_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create those that do not exist, and return their names once they can be used."""
        ...

    def describe(self, names: Sequence[str]) -> dict[str, TopicState]:
        """What these topics are like; those that do not exist are absent."""
        ...

    def add_partitions(self, topic: str, total: int) -> None:
        """Let the topic have `total` partitions; it never has fewer than before.

        Raises:
            UnknownTopicError: there is no such topic.
        """
        ...

    def set_config(self, topic: str, config: Mapping[str, str]) -> None:
        """Change these settings of the topic, and leave the others; nothing where there are none.

        Raises:
            BrokerError: the broker refused one.
        """
        ...

    def delete_topics(self, names: Sequence[str]) -> None:
        """Delete topics and all their records; names that do not exist are passed over."""
        ...

    def watermarks(self, topic: str) -> dict[TopicPartition, Watermarks]:
        """The offsets each partition of the topic spans.

        Raises:
            UnknownTopicError: there is no such topic.
        """
        ...

    def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """What the group has committed; partitions without a commit are absent."""
        ...

    def commits(self, group: str, topic: str) -> dict[TopicPartition, Commit]:
        """The same, with the text that was committed beside each position."""
        ...

    def commit(self, group: str, commits: Mapping[TopicPartition, Commit]) -> None:
        """Commit in the name of a group that has no members.

        Raises:
            BrokerError: it has members, whose own commits count.
        """
        ...

    def read(self, source: TopicPartition, offset: int, limit: int) -> list[Record]:
        """Up to `limit` records from `offset` on, outside any group."""
        ...

    def readers(self, topics: Collection[str]) -> dict[str, frozenset[str]]:
        """The groups that have members who read these topics now, by topic; as far as we may see.

        Raises:
            BrokerError: the broker did not answer, or refused.
        """
        ...

    def share_group(self, group: str, initial_offset: Literal["earliest", "latest"]) -> float:
        """Say where a share group begins in partitions that are new to it, and let it hand out each
        record as often as it may. Returns how long a record is locked for whoever has it, seconds.

        Raises:
            BrokerError: the broker refused, or did not answer.
            ConfigurationError: there are no share groups here.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Broker(Protocol):
    """Makes producers, consumers and admins of one log. Cheap to make; connects when used."""

    def producer(
        self, *, patient: bool = False, topic_config: Mapping[str, Any] = NO_CONFIG
    ) -> Producer:
        """A new producer. A patient one never gives a record up while its process lives: a
        worker's marks wait for what its jobs enqueued, however long the broker is away.

        `topic_config` says how its records are sent, where the broker has a choice; the names
        are those in `samovar.broker.topic_config`.
        """
        ...

    def atomic_producer(self, name: str, *, patience: float = 60.0) -> AtomicProducer:
        """A new producer of that name; from its first write on, earlier ones are fenced. What its
        process left open when it was killed is undone then, or else after `patience` seconds;
        until then it may hold up who reads the topics.
        """
        ...

    def consumer(self, group: str, options: ConsumerOptions = PLAIN) -> Consumer:
        """A new member for `group`; it joins when it subscribes.

        Raises:
            ConfigurationError: the options cannot be had.
        """
        ...

    def share_consumer(self, group: str, options: ConsumerOptions, records: int) -> ShareConsumer:
        """A new member for the share group `group`, which asks for so many records at a time.

        Raises:
            ConfigurationError: the options cannot be had, or there are no share groups here.
        """
        ...

    def consumer_faults(self, options: ConsumerOptions, *, shares: bool = False) -> Sequence[str]:
        """What is wrong with these options, one sentence a fault; asks no server. `shares`: they
        are for a share group.
        """
        ...

    def admin(self) -> Admin:
        """A new admin."""
        ...
