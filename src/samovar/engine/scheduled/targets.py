"""Where scheduled records go when their time has come: their topics, made when they are missing."""

from __future__ import annotations

from samovar.broker.port import NewRecord, Record, TopicPartition
from samovar.engine.dead_letters import DeadLetters
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.topic import dead_name
from samovar.engine.scheduled import envelope
from samovar.engine.topics import Topics
from samovar.errors import BrokerError
from samovar.support import ids


class Targets:
    """Makes the records that leave a schedule of one group."""

    def __init__(self, *, dead: DeadLetters, topics: Topics, routes: Routes) -> None:
        self._dead = dead
        self._topics = topics
        self._routes = routes

    def record(self, source: TopicPartition, waiting: Record) -> NewRecord:
        """The record for the target topic, which is created if need be."""
        target = envelope.read(waiting)
        if self._topics.partitions(target.topic) is None:
            self._topics.ensure(self._routes.find(target.topic).specs)
        partitions = self._topics.partitions(target.topic) or 1
        return envelope.unwrap(target, source=source, record=waiting, partitions=partitions)

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
