"""Reading as a member of a consumer group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from samovar.broker.port.values import NO_METADATA, Batch, Commit, TopicPartition

#: How long a closing consumer waits for its group, in seconds, unless the caller says otherwise.
LEAVE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerOptions:
    """What one consumer has in place of the broker's settings."""

    #: Where its group begins in a partition for which it has committed nothing.
    initial_offset: Literal["earliest", "latest"] = "earliest"
    #: Properties of the broker's own client; a broker without such a client ignores them.
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    #: Makes the id of a static member unique among the consumers that use the same settings. It is
    #: the same in each run of the process.
    member: str = ""


#: As the settings say.
PLAIN = ConsumerOptions()


class RebalanceListener(Protocol):
    """Called on the polling thread, inside `poll` or `close`, as partitions come and go."""

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """These partitions are assigned to us; none of them is paused."""
        ...

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """These will leave right after this call: what it stores is still committed."""
        ...

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """These already belong to another member: nothing can be stored for them."""
        ...


class Consumer(Protocol):
    """A member of a group. Only one thread, its owner, may call it, except `wake`."""

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group for these topics. A second call replaces the earlier ones."""
        ...

    def assign(self, partitions: Sequence[TopicPartition], listener: RebalanceListener) -> None:
        """Read these partitions and no others, without joining the group; in place of `subscribe`.

        No rebalance takes them. What is stored is committed to the group, which must have no
        members meanwhile. A second call replaces the earlier partitions. The listener is called
        in the next `poll`, and again in `close`.
        """
        ...

    def poll(self, max_records: int, timeout: float) -> list[Batch]:
        """Wait up to `timeout` seconds for a record, then return what is there, up to
        `max_records`.

        Returns early, and possibly empty, after a rebalance or `wake`. A partition's batches
        are consecutive: no record is returned twice, unless `seek` or a new assignment goes back.

        Raises:
            BrokerError: the consumer cannot go on; make a new one.
        """
        ...

    def keep_alive(self) -> None:
        """Show that this member is alive: called every second from within a long callback."""
        ...

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of these until `resume`; their position stays."""
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
        """Note what to commit: for each partition the offset of the next record to work on, and
        for some of them commit metadata of at most `METADATA_BYTES`. Metadata is committed even
        when only the text has changed.

        Committed every `commit_interval`, when partitions are revoked and on `close`. Returns
        those partitions that are no longer ours; their positions are dropped.
        """
        ...

    @property
    def pace(self) -> float:
        """How often it is worth storing what is finished, in seconds: what was stored is committed
        as often. Where commits are cheap, this is much shorter than `commit_interval`.
        """
        ...

    def passed(self, positions: Mapping[TopicPartition, int]) -> None:
        """An `AtomicProducer` has committed these. Lower positions that were stored before must no
        longer be committed.
        """
        ...

    def commit(self) -> None:
        """Commit now what was stored, and wait for the answer."""
        ...

    def commit_soon(self) -> None:
        """Commit what was stored with metadata without waiting for the interval; later polls do it.

        Raises:
            BrokerError: it cannot be committed now.
        """
        ...

    def is_committed(self, source: TopicPartition) -> bool:
        """Whether all metadata that was stored for this partition is committed."""
        ...

    def commits(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Commit]:
        """What the group has committed for these; partitions without a commit are absent.

        Raises:
            BrokerError: the broker did not answer.
        """
        ...

    def membership(self) -> object:
        """A value that lets an `AtomicProducer` of the same log commit for this member, until the
        next rebalance; None until it has joined.
        """
        ...

    def wake(self) -> None:
        """Make a running `poll` return soon. Any thread may call this."""
        ...

    def close(self, timeout: float = LEAVE_SECONDS) -> None:
        """Revoke everything (the listener is called), commit, leave the group.

        If that takes longer than `timeout` seconds, it goes on in the background.
        """
        ...
