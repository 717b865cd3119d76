"""What a user writes to work on the records of a plain topic, batch after batch."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from samovar.broker.port import Headers, NewRecord, TopicPartition
from samovar.engine.consuming.message import Message


class Handle(Protocol):
    """What a consumer may ask of the engine about its partition."""

    @property
    def source(self) -> TopicPartition:
        """Which partition it is."""
        ...

    @property
    def attempt(self) -> int:
        """How often this batch has been begun, from 1."""
        ...

    @property
    def is_leaving(self) -> bool:
        """Whether the partition is leaving, or has left."""
        ...

    def mark(self, offset: int) -> bool:
        """This record and those before it are done; False when the partition has left."""
        ...

    def pause(self, offset: int, seconds: float) -> None:
        """Once the batch has ended, go on at this offset after so many seconds."""
        ...

    def produce(self, record: NewRecord) -> None:
        """Hand a record over."""
        ...


class Consumer:
    """Works on the records of a plain topic. One object for each partition, for as long as the
    worker holds it; one thread at a time.

        class OrdersConsumer(Consumer):
            def consume(self) -> None:
                for message in self.messages:
                    Order.update(message.payload)

        app.topic("orders", consumer=OrdersConsumer)

    When `consume` returns, the whole batch is marked as done. When it raises, the partition backs
    off, and what was not marked comes again in the next batch.
    """

    #: The records to work on, in order.
    messages: Sequence[Message] = ()
    _handle: Handle

    def initialized(self) -> None:
        """Called once, before the first batch."""

    def consume(self) -> Coroutine[Any, Any, None] | None:
        """Work on `self.messages`. May be a coroutine."""
        raise NotImplementedError

    def tick(self) -> Coroutine[Any, Any, None] | None:
        """Called whenever the partition had no work for as long as the topic's `periodic` says,
        also before the first batch; never beside `consume`. May be a coroutine. An error of it is
        reported, and changes nothing.
        """

    def revoked(self) -> None:
        """Called when the partition has gone to another worker."""

    def shutdown(self) -> None:
        """Called when the worker ends, while the partition is still its own."""

    @property
    def topic(self) -> str:
        """Real name of the topic."""
        return self._handle.source.topic

    @property
    def partition(self) -> int:
        """Number of the partition."""
        return self._handle.source.partition

    @property
    def attempt(self) -> int:
        """How often this batch has been begun: 1 at first, more after errors."""
        return self._handle.attempt

    @property
    def is_retrying(self) -> bool:
        """Whether the batch before failed."""
        return self.attempt > 1

    @property
    def is_revoked(self) -> bool:
        """Whether the partition is on its way to another worker: best stop here, what is not marked
        comes again there.
        """
        return self._handle.is_leaving

    def mark_as_consumed(self, message: Message) -> bool:
        """This message and all before it are done: they do not come again after an error, and are
        committed soon. False when the partition has left, and the mark came too late.

        In the block of `app.producer.transaction()` they are done when that is stored, together
        with its messages, and not at all if it is not.

        Raises:
            AssignmentLostError: in such a block: the partition has left. The block is not stored.
        """
        return self._handle.mark(message.offset)

    def pause(self, message: Message, seconds: float) -> None:
        """Let the partition wait once this batch has ended, and go on with this message. Nothing is
        marked by itself then.
        """
        self._handle.pause(message.offset, seconds)

    def produce(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Hand a record over to another topic, by its real name. It is delivered before what is
        marked from now on is committed. In the block of `app.producer.transaction()` it is a part
        of that.

        Raises:
            BrokerError: the record could not be handed over.
        """
        self._handle.produce(
            NewRecord(topic=topic, value=value, key=key, headers=headers, partition=partition)
        )

    def _take_handle(self, handle: Handle) -> None:
        self._handle = handle
        self.initialized()
