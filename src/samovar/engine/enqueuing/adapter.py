"""The queue adapter of every log: a job becomes a record of its queue's topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from samovar import events
from samovar.broker.port import Deliveries, NewRecord, Producer
from samovar.engine.enqueuing.dispatching import Dispatch, chosen, grouped
from samovar.engine.producing.destinations import Destinations
from samovar.engine.producing.pool import LAST_SECONDS
from samovar.engine.routing.routes import Routes
from samovar.engine.scheduled.waiting import Waiting
from samovar.engine.topics.existing import Topics
from samovar.errors import (
    ArgumentError,
    BrokerError,
    DeliveryUnknownError,
    EnqueueError,
    SchedulingNotSupportedError,
    UnknownTopicError,
)
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt, dumps
from samovar.job.state import JobState
from samovar.support import clock


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
        deliveries: Deliveries | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        """`flush_each` waits for each job's delivery: nobody will later. `deliveries` are those of
        every producer that jobs may go through. `waiting` is where jobs wait if the log itself
        holds none.
        """
        self._waiting = None if producer.schedules else waiting
        self.name = name
        self._producer = producer
        self._produce = producer.produce
        self._deliveries = deliveries or producer
        self._usual = Dispatch(producer, waits=False)
        self._topics = topics
        self._destinations = Destinations(topics=topics, routes=routes)
        self._stopping = stopping
        self._flush_each = flush_each

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Produce the job's record. One that is due later waits in the log, if the log can hold it.

        Raises:
            SchedulingNotSupportedError: the job is due later, and the log cannot hold it.
            SerializationError: the job has no form on the wire.
            BrokerError: the record could not be handed over.
        """
        send = self._produce
        if request.hints:
            send = chosen(request.hints, self._producer, many=False).send
        record = self._record(request)
        try:
            send(record)
        except UnknownTopicError:
            # It was deleted since: once more, and it is created.
            self._topics.forget()
            record = self._record(request)
            send(record)
        if request.again:
            self._replace_older(request, record)
        if self._flush_each:
            self._flush()
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        """Produce all records in one go, or in one for each way that their classes chose.

        A broker that fails part way has taken some: those jobs get their receipt as ever, and
        each of the others a refusal that says why. So does a job that cannot be stored by itself,
        as one that is too large, or for a partition that is not there.

        Raises:
            SchedulingNotSupportedError, SerializationError: of one job; none was taken.
            BrokerError: none was taken, for a reason that is no job's own.
        """
        refused = self._send_all(requests)
        if self._flush_each:
            self._flush()
        receipts = [TAKEN] * len(requests)
        for index, error in refused.items():
            receipts[index] = _refusal(requests[index], error)
        return receipts

    def record(self, request: EnqueueRequest) -> NewRecord:
        """The record that `enqueue` would produce, its topic made if need be."""
        return self._record(request)

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
        """Whether this process's worker is ending, or loses the job's partition."""
        return self._stopping() or (isinstance(job, JobState) and job.is_revoked)

    def flush_each(self) -> None:
        """Wait for each job from now on: the process is ending, and nobody will later."""
        self._flush_each = True

    def close(self, timeout: float) -> int:
        """Deliver what is outstanding; how many records were not."""
        undelivered = self._deliveries.close(timeout)
        if undelivered:
            events.announce("producer.undelivered", count=undelivered)
        self._topics.close()
        return undelivered

    def _send_all(self, requests: Sequence[EnqueueRequest]) -> Mapping[int, BrokerError]:
        """Send all that has a place to go to; why each of the others is not sent, by its index."""
        at_once = {request.data["queue_name"] for request in requests if request.due_ns is None}
        # Together: one by one, each new queue would wait for the broker.
        self._destinations.ensure(*filter(None, at_once))
        refused: dict[int, BrokerError] = {}
        records: dict[int, NewRecord] = {}
        for index, request in enumerate(requests):
            try:
                records[index] = self._record(request)
            except BrokerError as error:
                refused[index] = error
        refused.update(self._send_each_way(requests, records))
        for index, record in records.items():
            if requests[index].again and index not in refused:
                self._replace_older(requests[index], record)
        return refused

    def _send_each_way(
        self, requests: Sequence[EnqueueRequest], records: Mapping[int, NewRecord]
    ) -> Mapping[int, BrokerError]:
        """Send these records, by the index of their request; why some are not sent."""
        if len(records) == len(requests) and not any(request.hints for request in requests):
            return self._send(requests, list(records.values()), self._usual)
        indexes = list(records)
        refused: dict[int, BrokerError] = {}
        ways = grouped(chosen(requests[i].hints, self._producer, many=True) for i in indexes)
        for way, places in ways.items():
            theirs = [indexes[place] for place in places]
            try:
                errors = self._send(
                    [requests[i] for i in theirs], [records[i] for i in theirs], way
                )
            except BrokerError as error:
                if len(theirs) == len(requests):
                    raise
                errors = dict.fromkeys(range(len(theirs)), error)
            refused.update((theirs[at], error) for at, error in errors.items())
        return refused

    def _send(
        self, requests: Sequence[EnqueueRequest], records: Sequence[NewRecord], way: Dispatch
    ) -> Mapping[int, BrokerError]:
        try:
            return way.send_all(records)
        except UnknownTopicError:
            self._topics.forget()
            return way.send_all([self._record(request) for request in requests])

    def _replace_older(self, request: EnqueueRequest, record: NewRecord) -> None:
        """Let a job that waits again have this one place: afterwards, so that it always has one."""
        if self._waiting is not None and record.topic != request.data["queue_name"]:
            self._producer.produce_many(self._waiting.elsewhere(record))

    def _flush(self) -> None:
        if undelivered := self._deliveries.flush(LAST_SECONDS):
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
            self._destinations.ensure(queue)
        if due_ns is not None and waiting is not None:
            return waiting.record(request, queue, due_ns)
        key = partition = None
        if request.hints:
            key, partition = self._destinations.place(queue, request.hints)
        if due_ns is None:
            return NewRecord(queue, dumps(data), key, partition=partition)
        return NewRecord(
            queue, dumps(data), key, partition=partition, due_ns=due_ns, schedule_key=data["job_id"]
        )

    def _cannot_wait(self, request: EnqueueRequest) -> SchedulingNotSupportedError:
        return SchedulingNotSupportedError(
            f"The {self.name} adapter cannot hold {request.data['job_class']} until "
            f"{request.data['scheduled_at']}: it performs jobs at once. "
            f"For retry_on use wait=0, jitter=0."
        )


def _refusal(request: EnqueueRequest, error: BrokerError) -> Receipt:
    data = request.data
    became = "was not enqueued"
    if isinstance(error, DeliveryUnknownError):
        became = "may be enqueued or not"
    refusal = EnqueueError(f"{data['job_class']} ({data['job_id']}) {became}: {error}")
    refusal.__cause__ = error
    return Receipt(refusal=refusal)
