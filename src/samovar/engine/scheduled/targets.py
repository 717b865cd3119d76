"""Where scheduled records go when their time has come: their topics, made when they are missing."""

from __future__ import annotations

from samovar.broker.port import NewRecord, Record, TopicPartition
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.topic import dead_name
from samovar.engine.scheduled import envelope
from samovar.engine.topics.existing import Topics
from samovar.errors import BrokerError, BrokerUnavailableError
from samovar.support import clock, ids

#: What the broker refuses to create is not asked for again for so long, in seconds.
REFUSED_SECONDS = 30.0


class NoTargetError(BrokerError):
    """The topic that a record goes to is missing, and the broker does not create it."""


class Targets:
    """Makes the records that leave a schedule of one group."""

    def __init__(self, *, dead: DeadLetters, topics: Topics, routes: Routes) -> None:
        self._dead = dead
        self._topics = topics
        self._routes = routes
        #: Topics that could not be created, until when they are left alone, and why.
        self._refused: dict[str, tuple[float, BrokerError]] = {}

    def record(self, source: TopicPartition, waiting: Record) -> NewRecord:
        """The record for the target topic, which is created if need be.

        Raises:
            NoTargetError: it cannot be created.
        """
        target = envelope.read(waiting)
        if self._topics.partitions(target.topic) is None:
            self._create(target.topic)
        partitions = self._topics.partitions(target.topic) or 1
        return envelope.unwrap(target, source=source, record=waiting, partitions=partitions)

    def _create(self, topic: str) -> None:
        until, refusal = self._refused.get(topic, (0.0, None))
        if refusal is not None and clock.monotonic() < until:
            raise NoTargetError(str(refusal))
        try:
            self._topics.ensure(self._routes.find(topic).specs)
        except BrokerUnavailableError:
            raise
        except BrokerError as error:
            self._refused[topic] = clock.monotonic() + REFUSED_SECONDS, error
            raise NoTargetError(str(error)) from error
        self._refused.pop(topic, None)

    def look_again(self) -> None:
        """A topic that was there may have been deleted."""
        self._topics.forget()

    def set_aside(self, source: TopicPartition, waiting: Record, error: BrokerError) -> None:
        """Store what its target refuses in the target's dead letter topic.

        Raises:
            BrokerError: it may not be stored.
        """
        failure = Failure(
            source=source,
            record=waiting,
            target=dead_name(envelope.read(waiting).topic),
            attempts=1,
            error=error,
            trace_id=ids.uuid4(),
        )
        self._dead.dispatch(failure)
