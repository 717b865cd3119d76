"""The queue adapter of every log: a job becomes a record of its queue's topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samovar import events
from samovar.broker.port import NewRecord, Producer
from samovar.engine.routing.routes import Routes
from samovar.engine.scheduled.waiting import Waiting
from samovar.engine.topics import Topics
from samovar.errors import (
    ArgumentError,
    BrokerError,
    BrokerUnavailableError,
    EnqueueError,
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
        waiting: Waiting | None = None,
    ) -> None:
        """`flush_each` waits for each job's delivery: nobody will later. `waiting` is where jobs
        wait if the log itself holds none.
        """
        self._waiting = None if producer.schedules else waiting
        self.name = name
        self._producer = producer
        self._topics = topics
        self._routes = routes
        self._stopping = stopping
        self._flush_each = flush_each
        #: Until when topics are not looked for, because the broker did not answer.
        self._away_until = 0.0

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Produce the job's record. One that is due later waits in the log, if the log can hold it.

        Raises:
            SchedulingNotSupportedError: the job is due later, and the log cannot hold it.
            SerializationError: the job has no form on the wire.
            BrokerError: the record could not be handed over.
        """
        try:
            self._producer.produce(self._record(request))
        except UnknownTopicError:
            # It was deleted since: once more, and it is created.
            self._topics.forget()
            self._producer.produce(self._record(request))
        if self._flush_each:
            self._flush()
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        """Produce all records in one go.

        A broker that fails part way has taken some: those jobs get their receipt as ever, and
        each of the others a refusal that says why.

        Raises:
            SchedulingNotSupportedError, SerializationError: of one job; none was taken.
            BrokerError: none was taken.
        """
        try:
            refused = self._producer.produce_many([self._record(r) for r in requests])
        except UnknownTopicError:
            self._topics.forget()
            refused = self._producer.produce_many([self._record(r) for r in requests])
        if self._flush_each:
            self._flush()
        receipts = [TAKEN] * len(requests)
        for index, error in refused.items():
            receipts[index] = _refusal(requests[index], error)
        return receipts

    def cancel_scheduled(self, job_id: str) -> bool:
        """Drop a job that still waits for its time; whether there was one.

        Raises:
            SchedulingNotSupportedError: no job ever waits here.
        """
        if self._producer.schedules:
            return self._producer.cancel_scheduled(job_id)
        if self._waiting is not None:
            return self._waiting.cancel(job_id)
        raise SchedulingNotSupportedError(
            f"The {self.name} adapter holds no jobs until later, so there are none to cancel."
        )

    def stopping(self, job: object = None) -> bool:
        """Whether this process's worker is ending."""
        return self._stopping()

    def close(self, timeout: float) -> int:
        """Deliver what is outstanding; how many records were not."""
        undelivered = self._producer.close(timeout)
        if undelivered:
            events.announce("producer.undelivered", count=undelivered)
        self._topics.close()
        return undelivered

    def _flush(self) -> None:
        if undelivered := self._producer.flush(LAST_SECONDS):
            events.announce("producer.undelivered", count=undelivered)

    def _record(self, request: EnqueueRequest) -> NewRecord:
        due_ns = request.due_ns
        if due_ns is not None and due_ns <= clock.now_ns():
            due_ns = None
        waiting = self._waiting
        if due_ns is not None and waiting is not None:
            waiting.topic(request)  # before anything is made for a job that cannot wait
        elif due_ns is not None and not self._producer.schedules:
            raise self._cannot_wait(request)
        data = request.data
        queue: str = data["queue_name"]
        if not queue:
            raise ArgumentError(f"{data['job_class']} ({data['job_id']}) has no queue name.")
        if self._topics.partitions(queue) is None:
            self._create(queue)
        if due_ns is None:
            return NewRecord(queue, dumps(data))
        if waiting is not None:
            return waiting.record(request, queue, due_ns)
        return NewRecord(queue, dumps(data), due_ns=due_ns, schedule_key=data["job_id"])

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

    def _cannot_wait(self, request: EnqueueRequest) -> SchedulingNotSupportedError:
        return SchedulingNotSupportedError(
            f"The {self.name} adapter cannot hold {request.data['job_class']} until "
            f"{request.data['scheduled_at']}: it performs jobs at once. "
            f"For retry_on use wait=0, jitter=0."
        )


def _refusal(request: EnqueueRequest, error: BrokerError) -> Receipt:
    data = request.data
    refusal = EnqueueError(f"{data['job_class']} ({data['job_id']}) was not enqueued: {error}")
    refusal.__cause__ = error
    return Receipt(refusal=refusal)
