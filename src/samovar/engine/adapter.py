"""The queue adapter of every log: a job becomes a record of its queue's topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samovar import events
from samovar.broker.port import NewRecord, Producer
from samovar.engine.routing.routes import Routes
from samovar.engine.topics import Topics
from samovar.errors import (
    ArgumentError,
    BrokerUnavailableError,
    SchedulingNotSupportedError,
    UnknownTopicError,
)
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt, dumps
from samovar.support import clock

#: After a broker did not answer, jobs are handed over unasked for so long, in seconds.
AWAY_SECONDS = 10.0

#: How long a job that is enqueued by an ending process may take to be delivered, in seconds.
LAST_SECONDS = 10.0


class LogAdapter:
    """A `QueueAdapter` on a broker's producer."""

    def __init__(
        self,
        *,
        name: str,
        producer: Producer,
        topics: Topics,
        routes: Routes,
        stopping: Callable[[], bool],
        flush_each: bool = False,
    ) -> None:
        """`flush_each` waits for each job's delivery: nobody will later."""
        self.name = name
        self._producer = producer
        self._topics = topics
        self._routes = routes
        self._stopping = stopping
        self._flush_each = flush_each
        #: Until when topics are not looked for, because the broker did not answer.
        self._away_until = 0.0

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Produce the job's record; what is due later is refused.

        Raises:
            SchedulingNotSupportedError: the job is due later.
            SerializationError: the job has no form on the wire.
            BrokerError: the record could not be handed over.
        """
        try:
            self._producer.produce(self._record(request))
        except UnknownTopicError:
            # It was deleted since: once more, and it is created.
            self._topics.forget()
            self._producer.produce(self._record(request))
        if self._flush_each and (undelivered := self._producer.flush(LAST_SECONDS)):
            events.announce("producer.undelivered", count=undelivered)
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        """Produce all records in one go. A broker that fails part way may have taken some."""
        self._producer.produce_many([self._record(request) for request in requests])
        return [TAKEN] * len(requests)

    def stopping(self) -> bool:
        """Whether this process's worker is ending."""
        return self._stopping()

    def close(self, timeout: float) -> int:
        """Deliver what is outstanding; how many records were not."""
        undelivered = self._producer.close(timeout)
        if undelivered:
            events.announce("producer.undelivered", count=undelivered)
        self._topics.close()
        return undelivered

    def _record(self, request: EnqueueRequest) -> NewRecord:
        if request.due_ns is not None:
            self._refuse_later(request)
        data = request.data
        queue: str = data["queue_name"]
        if not queue:
            raise ArgumentError(f"{data['job_class']} ({data['job_id']}) has no queue name.")
        if self._topics.partitions(queue) is None:
            self._create(queue)
        return NewRecord(queue, dumps(data))

    def _create(self, queue: str) -> None:
        """Create the queue's topic. A broker that is away keeps nobody waiting: the record is
        handed over all the same, and a topic that stays missing is reported as undelivered.
        """
        if clock.monotonic() < self._away_until:
            return
        try:
            self._topics.ensure(self._routes.find(queue).specs)
        except BrokerUnavailableError as error:
            self._away_until = clock.monotonic() + AWAY_SECONDS
            events.announce("broker.error", error=error)

    def _refuse_later(self, request: EnqueueRequest) -> None:
        if request.due_ns is not None and request.due_ns > clock.now_ns():
            raise SchedulingNotSupportedError(
                f"The {self.name} adapter cannot hold {request.data['job_class']} until "
                f"{request.data['scheduled_at']}: it performs jobs at once. "
                f"For retry_on use wait=0, jitter=0."
            )
