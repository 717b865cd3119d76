"""`app.producer`: messages to any topic, one or many, waiting for the log or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Unpack

from samovar import events
from samovar.broker import topic_config as variations
from samovar.broker.port import NO_CONFIG, NewRecord, Producer, Written
from samovar.engine.producing.buffer import Buffer
from samovar.engine.producing.delivery import Delivery, hand_over, in_seconds, settle
from samovar.engine.producing.messages import Message, check, record_of
from samovar.engine.producing.outlet import Outlet, stand_in
from samovar.engine.producing.pool import LAST_SECONDS
from samovar.engine.producing.transactions import Transaction, transaction
from samovar.errors import (
    ArgumentError,
    BrokerError,
    ProduceManyError,
    UnknownTopicError,
)


class MessageProducer:
    """Sends messages to topics of the application's log; what `app.producer` is.

    ```python
    app.producer.produce_sync(topic="orders", payload="placed", key="7")
    delivery = app.producer.produce_async(topic="orders", payload="paid", key="7")
    delivery.wait()
    ```

    A message is keyword arguments, or a dict where there are several: `topic` and `payload` (text
    or bytes), and as wanted `key`, `partition_key`, `partition`, `timestamp` (milliseconds),
    `headers` and `label`. All messages of a call are checked before any of it is sent. Messages
    of one partition keep their order as long as they go through one variant.

    Any thread may use it; it works in a forked process too. Once the application is closed, all of
    it raises ProducerClosedError.
    """

    def __init__(self, outlet: Outlet, *, real_name: Callable[[str], str]) -> None:
        #: What it sends with, unless another log stands in for its own.
        self.own = outlet
        self._real_name = real_name
        self._topic_config: Mapping[str, Any] = NO_CONFIG
        #: How long `produce_sync` and its kin wait, in seconds; None: until the answer is final.
        self.max_wait_timeout: float | None = None
        #: This one and its variants, by their settings.
        self._family: dict[object, MessageProducer] = {}

    @property
    def port(self) -> Producer:
        """The own log's producer behind it."""
        return self.own.pool.producer(self._topic_config)

    def variant(
        self,
        *,
        topic_config: Mapping[str, Any] | None = None,
        max_wait_timeout: float | timedelta | None = None,
    ) -> MessageProducer:
        """This producer but for how it sends; the same variant for the same settings.

        Args:
            topic_config: librdkafka's settings of how records are sent, such as
                ``{"acks": 1, "compression.type": "zstd"}``. Each distinct one has connections of
                its own. Acks weaker than ``"all"`` make it one that is not idempotent: it may
                store a message twice. The embedded log stores all records alike.
            max_wait_timeout: How long `produce_sync` and its kin wait, in seconds. An answer that
                has not come by then may yet come, and is no failure.

        Raises:
            ArgumentError: there is a name that no variant can set.
            ConfigurationError: the log's settings refuse it.
            ProducerClosedError: the application was closed.
        """
        outlet = self._outlet
        outlet.pool.check()
        variations.check(topic_config or {})
        wait = in_seconds(max_wait_timeout)
        if wait is not None and wait <= 0:
            raise ArgumentError(
                f"max_wait_timeout is {max_wait_timeout!r}; expected seconds above 0."
            )
        config = {**self._topic_config, **(topic_config or {})}
        wait = self.max_wait_timeout if wait is None else wait
        outlet.pool.producer(config)  # refuses what is of no use
        key = frozenset(config.items()), wait
        found = self._family.get(key)
        return found or self._family.setdefault(key, self._varied(config, wait))

    def produce_async(self, **message: Unpack[Message]) -> Delivery:
        """Hand a message over, and return at once. If it fails later, that is the event
        `producer.failed`, with its `label`; `wait` of what is returned raises it too.

        Raises:
            MessageInvalidError: it cannot be sent.
            QueueFullError: the buffer stayed full; it was not sent.
            BrokerError: it was not sent.
        """
        (delivery,) = self._send([message], announces=True)
        if delivery.error is not None:
            raise delivery.error
        self._deliver_at_the_end()
        return delivery

    def produce_sync(self, **message: Unpack[Message]) -> Written:
        """Send a message and wait until it is stored; where that is.

        Raises:
            MessageInvalidError: it cannot be sent.
            DeliveryUnknownError: no answer in time; it may be stored all the same.
            DeliveryFailedError: it was refused for good.
            BrokerError: it was not sent.
        """
        (delivery,) = self._send([message], announces=False)
        return delivery.wait(self.max_wait_timeout)

    def produce_many_async(self, messages: Iterable[Message]) -> list[Delivery]:
        """Hand several messages over, in order, and return at once.

        Raises:
            MessageInvalidError: one cannot be sent; none was.
            ProduceManyError: some were refused; it tells which, and what became of the others.
            BrokerError: none was sent.
        """
        deliveries = self._send(messages, announces=True)
        self._deliver_at_the_end()
        return _accepted(deliveries)

    def produce_many_sync(self, messages: Iterable[Message]) -> list[Written]:
        """Send several messages, in order, and wait until all are stored; where that is.

        Raises:
            MessageInvalidError: one cannot be sent; none was.
            ProduceManyError: some are not stored, or not known to be; it tells which.
            BrokerError: none was sent.
        """
        deliveries = self._send(messages, announces=False)
        return self._settled(deliveries)

    def tombstone_async(self, *, topic: str, key: str | bytes, partition: int) -> Delivery:
        """Hand over a message without content, which deletes its key in a compacted topic."""
        return self.produce_async(topic=topic, payload=None, key=key, partition=partition)

    def tombstone_sync(self, *, topic: str, key: str | bytes, partition: int) -> Written:
        """The same, and wait until it is stored."""
        return self.produce_sync(topic=topic, payload=None, key=key, partition=partition)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A block whose messages are stored together when it ends, or, on an error, not at all.

        ```python
        with app.producer.transaction() as together:
            together.produce(topic="orders", payload="paid", key="7")
            together.produce(topic="invoices", payload="7")
        ```

        One inside another is a part of it. What goes another way in the block, a job too, is no
        part of it; what a `Consumer` of this application marks and produces there is. The block
        raises when it ends:

        Raises:
            AssignmentLostError: a consumer marked what is not its own any more; none is stored.
            DeliveryFailedError, UnknownTopicError: a message was refused; none is stored.
            BrokerError: all or none of them are stored; which, is not known.
        """
        outlet = self._outlet
        outlet.pool.check()
        return transaction(outlet.atomic, partial(self._records, outlet))

    def buffer(self, **message: Unpack[Message]) -> None:
        """Keep a message here until `flush_sync` or `flush_async` sends it.

        Raises:
            MessageInvalidError: it cannot be sent.
        """
        self.buffer_many([message])

    def buffer_many(self, messages: Iterable[Message]) -> None:
        """Keep several messages here until `flush_sync` or `flush_async` sends them.

        Raises:
            MessageInvalidError: one cannot be sent; none is kept.
        """
        outlet = self._outlet
        outlet.buffer.add(_checked(outlet, messages))
        # The application was closed, or the process began to end, in this very moment.
        outlet.pool.check()
        if outlet.pool.delivers_each:
            self.flush_async()

    def flush_async(self) -> list[Delivery]:
        """Hand over what is kept here, in order. What finds no room stays here, and is reported.

        Raises:
            ProduceManyError: some were refused.
            BrokerError: none was sent.
        """
        deliveries = self._send_kept(self._outlet, announces=True)
        self._deliver_at_the_end()
        return _accepted(deliveries)

    def flush_sync(self) -> list[Written]:
        """Send what is kept here, in order, and wait until it is stored.

        Raises:
            ProduceManyError: some are not stored, or not known to be.
            BrokerError: none was sent.
        """
        deliveries = self._send_kept(self._outlet, announces=False)
        return self._settled(deliveries)

    def partition_count(self, topic: str) -> int:
        """How many partitions a topic has, by its logical name; -1 when it is not there.

        Raises:
            BrokerUnavailableError: the broker does not answer.
        """
        return self._outlet.destinations.count(self._real_name(topic))

    def purge(self) -> int:
        """Drop what is kept here; how many messages those were."""
        return self._outlet.buffer.drop()

    def hand_over_kept(self) -> int:
        """Hand over what this one and its variants keep; how many messages could not be."""
        return sum(one._hand_over_all(one._outlet) for one in {self, *self._family.values()})

    def close(self) -> int:
        """The same, to the own log, and keep and store nothing any more."""
        family = {self, *self._family.values()}
        lost = sum(producer._hand_over_all(producer.own) for producer in family)
        self.own.atomic.close()
        return lost

    @property
    def _outlet(self) -> Outlet:
        """What it sends with now."""
        other = stand_in()
        return self.own if other is None else other.outlet_of(self, self.own)

    def _hand_over_all(self, outlet: Outlet) -> int:
        """What cannot be handed over is dropped; how many messages those were."""
        try:
            deliveries = self._send_kept(outlet, announces=True)
        except BrokerError as error:
            events.announce("broker.error", error=error)
            return outlet.buffer.drop()
        refused = [delivery.error for delivery in deliveries if delivery.error is not None]
        for error in refused[:1]:
            events.announce("broker.error", error=error)
        outlet.buffer.drop()  # what found no room is among the refused
        return len(refused)

    def _send_kept(self, outlet: Outlet, *, announces: bool) -> list[Delivery]:
        return outlet.buffer.send(lambda kept: self._hand_over(outlet, kept, announces=announces))

    def _send(self, messages: Iterable[Message], *, announces: bool) -> list[Delivery]:
        """Hand over all of them, if they can be sent.

        Raises:
            ProducerClosedError: the application was closed.
            MessageInvalidError: one cannot be sent; none was.
            BrokerError: none was sent.
        """
        outlet = self._outlet
        return self._hand_over(outlet, _checked(outlet, messages), announces=announces)

    def _deliver_at_the_end(self) -> None:
        """While the process ends, nobody will deliver what is sent but the sender himself."""
        pool = self._outlet.pool
        if pool.delivers_each:
            pool.deliver(LAST_SECONDS)

    def _settled(self, deliveries: Sequence[Delivery]) -> list[Written]:
        port = self._outlet.pool.producer(self._topic_config)
        settle(port, deliveries, self.max_wait_timeout)
        return _stored(deliveries)

    def _varied(self, config: Mapping[str, Any], wait: float | None) -> MessageProducer:
        varied = MessageProducer(replace(self.own, buffer=Buffer()), real_name=self._real_name)
        varied._topic_config = config
        varied.max_wait_timeout = wait
        varied._family = self._family
        return varied

    def _hand_over(
        self, outlet: Outlet, messages: Sequence[Message], *, announces: bool
    ) -> list[Delivery]:
        if not messages:
            return []
        labels = [message.get("label") for message in messages]
        port = outlet.pool.producer(self._topic_config)
        try:
            return hand_over(port, self._records(outlet, messages), labels, announces=announces)
        except UnknownTopicError:
            outlet.destinations.forget()  # it was deleted since: once more, and it is created
            return hand_over(port, self._records(outlet, messages), labels, announces=announces)

    def _records(self, outlet: Outlet, messages: Sequence[Message]) -> list[NewRecord]:
        return [
            record_of(message, self._real_name(message["topic"]), outlet.destinations)
            for message in messages
        ]


def _checked(outlet: Outlet, messages: Iterable[Message]) -> list[Message]:
    """All of them, if they can be sent.

    Raises:
        ProducerClosedError: the application was closed.
        MessageInvalidError: one cannot be sent.
    """
    outlet.pool.check()
    return [check(message) for message in messages]


def _stored(deliveries: Sequence[Delivery]) -> list[Written]:
    """Where each is. Raises ProduceManyError if one is nowhere, or perhaps nowhere."""
    _tell(
        deliveries,
        {i: d.error or d.no_answer() for i, d in enumerate(deliveries) if not d.is_stored},
    )
    return [d.outcome for d in deliveries if isinstance(d.outcome, Written)]


def _accepted(deliveries: list[Delivery]) -> list[Delivery]:
    """All of them. Raises ProduceManyError if some were refused."""
    _tell(deliveries, {i: d.error for i, d in enumerate(deliveries) if d.error is not None})
    return deliveries


def _tell(deliveries: Sequence[Delivery], errors: Mapping[int, BrokerError]) -> None:
    if errors:
        raise ProduceManyError(errors, deliveries)
