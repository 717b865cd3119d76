"""Copies a record to a dead letter topic, and waits until it is stored there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from samovar import events
from samovar.broker import topic_names
from samovar.broker.port import Deliveries, NewRecord, Producer
from samovar.engine.flow import dead_letter
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.producing.delivery import delivered
from samovar.engine.routing.routes import assumed
from samovar.engine.topics.existing import Topics
from samovar.errors import ArgumentError, BrokerUnavailableError, RecordTooLargeError

#: How long what a dead job enqueued may take to be delivered, in seconds.
DELIVERY_SECONDS = 30.0


class DeadLetters:
    """The dispatcher of one group. Any thread may use it."""

    def __init__(
        self, *, group: str, producer: Producer, deliveries: Deliveries, topics: Topics
    ) -> None:
        """`deliveries` are those of every producer that jobs may go through."""
        self._deliveries = deliveries
        self._group = group
        self._producer = producer
        self._topics = topics

    def dispatch(self, failure: Failure) -> None:
        """Store a copy; the topic is created when it is missing.

        Of a copy that is refused for its size, as much is stored as fits: without where it was, or
        else only where it was.

        Raises:
            RevokedError, AssignmentLostError: the partition has gone to another worker, or is
                about to; nothing is stored.
            BrokerError: the copy may not be stored.
        """
        topic, record = failure.target, failure.record
        if self._topics.partitions(topic) is None:
            self._topics.ensure([replace(assumed(topic).specs[0], is_dead_letter=True)])
        partitions = self._topics.partitions(topic) or 1
        copy = dead_letter.copy(failure, group=self._group, partitions=partitions)
        whole = (*_enhanced(copy, failure), copy, dead_letter.without_trace(copy, record))
        if (refusal := self._store_first(whole, failure)) is None:
            return
        self._store(dead_letter.without_value(copy, record), failure)
        source = failure.source
        error = RecordTooLargeError(
            f"The dead letter of {source.topic}[{source.partition}]@{record.offset} lies in "
            f"{topic!r} without its value of {len(record.value or b'')} bytes: {refusal}"
        )
        events.announce("broker.error", error=error)

    def _store(self, copy: NewRecord, failure: Failure) -> None:
        failure.check_tenure()
        if failure.queue is None or not failure.queue.transactional or not failure.transactions:
            self._producer.produce_sync([copy])
            return
        # The position goes past this job: what it enqueued must be there first.
        if not delivered(self._deliveries, DELIVERY_SECONDS):
            raise BrokerUnavailableError(
                "What a dead job has enqueued is not delivered yet; the job stays until it is."
            )
        failure.transactions.marked_plainly()
        failure.transactions.move([copy], failure.record.offset)

    def _store_first(
        self, copies: Iterable[NewRecord], failure: Failure
    ) -> RecordTooLargeError | None:
        """Store the first that is taken; why not, if none is."""
        refusal: RecordTooLargeError | None = None
        for copy in copies:
            try:
                self._store(copy, failure)
            except RecordTooLargeError as error:
                refusal = error
            else:
                return None
        return refusal


def _enhanced(copy: NewRecord, failure: Failure) -> Iterator[NewRecord]:
    """The copy as the route's hook wants it. A hook that fails must not hold up a partition."""
    enhance = failure.queue and failure.queue.enhance
    if enhance is None:
        return
    try:
        changed = enhance(copy, failure.record)
        if not _can_be_sent(changed):
            raise ArgumentError(f"expected the copy as a NewRecord; found {changed!r:.80}.")
    except Exception as error:
        events.announce(
            "dead_letter.hook_failed",
            hook="enhance",
            source=failure.source,
            offset=failure.record.offset,
            error=error,
        )
    else:
        yield changed


def _can_be_sent(copy: Any) -> bool:
    """Whether a log may be given it: a name of a header that is no text ends the process there."""
    if not isinstance(copy, NewRecord) or not topic_names.is_legal(copy.topic):
        return False
    raw: list[Any] = [copy.value, copy.key]
    try:
        for name, value in copy.headers:
            name.encode()
            raw.append(value)
    except (AttributeError, TypeError, ValueError):
        return False
    return all(value is None or isinstance(value, bytes) for value in raw)
