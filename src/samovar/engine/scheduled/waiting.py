"""Lets jobs wait in a schedule topic, and takes them back."""

from __future__ import annotations

from samovar.broker.port import Admin, NewRecord, Producer, TopicPartition, TopicSpec
from samovar.engine.kept.topics import keeper_group
from samovar.engine.scheduled import envelope
from samovar.engine.scheduled.topics import ScheduleTopics
from samovar.engine.topics.existing import Topics
from samovar.errors import SchedulingNotSupportedError
from samovar.job.job_data import EnqueueRequest, dumps
from samovar.support import clock, ids

#: How long a cancellation waits for the workers that keep the schedule, in seconds. Without any,
#: the topic itself tells.
ANSWER_SECONDS = 6.0
#: One wait of it.
LOOK_SECONDS = 0.05
#: Records that are read at a time.
READ_RECORDS = 5000


class Waiting:
    """The schedule topics as those see them who enqueue. Any thread may use it."""

    def __init__(
        self,
        *,
        schedules: ScheduleTopics,
        topics: Topics,
        admin: Admin,
        producer: Producer,
    ) -> None:
        self._schedules = schedules
        self._topics = topics
        self._admin = admin
        self._producer = producer

    def topic(self, request: EnqueueRequest) -> TopicSpec:
        """Where a job waits.

        Raises:
            SchedulingNotSupportedError: neither the application nor the class names a topic for it.
        """
        spec = self._schedules.find(request.hints.get("scheduled_messages_topic"))
        if spec is None:
            raise cannot_wait(request.data["job_class"], request.data["scheduled_at"])
        return spec

    def record(self, request: EnqueueRequest, queue: str, due_ns: int) -> NewRecord:
        """The record that lets a job wait. A job has one place there: enqueued again while it
        waits, its new time counts.

        Raises:
            SchedulingNotSupportedError: see `topic`.
        """
        data, hints = request.data, request.hints
        spec = self.topic(request)
        if self._topics.partitions(spec.name) is None:
            self._topics.ensure([spec])
        target = envelope.Target(
            topic=queue,
            value=dumps(data),
            epoch=envelope.whole_seconds(due_ns),
            key=hints.get("key"),
            partition=hints.get("partition"),
            partition_key=hints.get("partition_key"),
        )
        partitions = self._topics.partitions(spec.name) or spec.partitions
        return envelope.wrap(target, topic=spec.name, key=data["job_id"], partitions=partitions)

    def elsewhere(self, record: NewRecord) -> list[NewRecord]:
        """What takes back the job of this record in all other partitions of its topic: it waits in
        one of them if it had another key when it was enqueued before.
        """
        sources = (
            TopicPartition(record.topic, number)
            for number in range(self._topics.partitions(record.topic) or 0)
            if number != record.partition
        )
        return [envelope.tombstone(source, record.key or b"") for source in sources]

    def cancel(self, job_id: str) -> bool:
        """Take a job back; whether it still waited.

        Raises:
            SchedulingNotSupportedError: no job ever waits here.
            BrokerError: the cancellation may not be stored.
        """
        if not len(self._schedules):
            raise SchedulingNotSupportedError(
                "The kafka adapter has no topic for jobs to wait in, so there are none to cancel. "
                f"{_NAME_A_TOPIC}"
            )
        there = set(self._topics.names())
        asked: dict[TopicPartition, int] = {}
        asker = ids.token().encode()
        for spec in self._schedules:
            if spec.name in there:
                asked |= self._ask(spec.name, job_id.encode(), asker)
        return bool(asked) and self._was_waiting(asked, job_id.encode(), asker)

    def _ask(self, topic: str, key: bytes, asker: bytes) -> dict[TopicPartition, int]:
        """Write the cancellation to each partition, since the job's key chose it, not its id."""
        sources = [TopicPartition(topic, n) for n in range(self._topics.partitions(topic) or 0)]
        written = self._producer.produce_sync(
            [envelope.cancellation(source, key, asker) for source in sources]
        )
        return {place.source: place.offset for place in written}

    def _was_waiting(self, asked: dict[TopicPartition, int], key: bytes, asker: bytes) -> bool:
        admin = self._admin
        seen = {source: offset + 1 for source, offset in asked.items()}
        until = clock.monotonic() + ANSWER_SECONDS
        while seen and clock.monotonic() < until:
            for source, answer in self._answers(admin, seen, asker).items():
                if answer:
                    return True
                del seen[source]
            clock.sleep(LOOK_SECONDS)
        return any(self._waited(admin, source, asked[source], key) for source in seen)

    def _answers(
        self, admin: Admin, seen: dict[TopicPartition, int], asker: bytes
    ) -> dict[TopicPartition, bool]:
        """What was answered since; `seen` moves on."""
        answers: dict[TopicPartition, bool] = {}
        marks = {s: m for t in {s.topic for s in seen} for s, m in admin.watermarks(t).items()}
        for source, offset in seen.items():
            if marks[source].high <= offset:
                continue
            for record in admin.read(source, offset, READ_RECORDS):
                seen[source] = record.offset + 1
                if (said := envelope.answered(record, asker)) is not None:
                    answers[source] = said
        return answers

    def _waited(self, admin: Admin, source: TopicPartition, end: int, key: bytes) -> bool:
        """Whether a job waits in the partition, as far as the records before `end` tell. Those
        before the position of who keeps it are done with.
        """
        committed = admin.committed(keeper_group(source.topic), source.topic)
        offset = max(committed.get(source, 0), admin.watermarks(source.topic)[source].low)
        waits = False
        while offset < end and (records := admin.read(source, offset, READ_RECORDS)):
            for record in records:
                if record.key == key and record.offset < end:
                    waits = record.value is not None
            offset = records[-1].offset + 1
        return waits


_NAME_A_TOPIC = 'Name one: app.scheduled_messages("scheduled_jobs").'


def cannot_wait(job_class: str, until: object) -> SchedulingNotSupportedError:
    """Why a job cannot be held, and the ways out."""
    return SchedulingNotSupportedError(
        f"The kafka adapter cannot hold {job_class} until {until}: no topic is named for jobs to "
        f"wait in. {_NAME_A_TOPIC} Or do without waiting: wait=0 and jitter=0 for retry_on, "
        'resume_options = {"wait": 0} for a continuation.'
    )
