"""The dead jobs of an application: finds them, puts them back, discards them.

Which dead jobs are handled is committed under a group of its own, so that they are not shown again.
A job is put back first and then marked: a crash in between repeats it, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from msgspec import structs

from samovar.broker.port import Admin, Commit, NewRecord, Producer, TopicPartition, Written
from samovar.engine.failing import handled as done
from samovar.engine.failing.dead_job import DeadJob, parse_place, revived
from samovar.engine.failing.handled import Done
from samovar.engine.routing.topic import DEAD_SUFFIX
from samovar.errors import (
    ArgumentError,
    BrokerError,
    DeliveryFailedError,
    DeliveryUnknownError,
)

#: Jobs that are put back before they are marked: at most this many are repeated after a crash.
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterTopic:
    """A dead letter topic, in numbers."""

    topic: str
    #: Dead jobs that are not handled yet.
    count: int
    #: Whether the count is only the distance of two offsets.
    is_estimate: bool = False
    #: The one that came last.
    newest: DeadJob | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """What was done with some dead jobs."""

    done: tuple[DeadJob, ...]
    #: Dead jobs that stay where they are, each with the reason.
    left: tuple[tuple[DeadJob, str], ...] = ()


class DeadLetterStore:
    """Finds dead jobs, puts them back, discards them. For one thread."""

    def __init__(
        self,
        *,
        admin: Admin,
        producer: Callable[[], Producer],
        group: str,
        declared: Iterable[str],
        queues: Iterable[str],
        real_name: Callable[[str], str],
    ) -> None:
        """`group` is the workers' own; `declared` are dead letter topics of routes, `queues` the
        topics of jobs that routes declare; `producer` makes one when it is needed.
        """
        self._admin = admin
        self._producer = producer
        self._workers = group
        self._group = f"{group}-dead"
        self._declared = frozenset(declared)
        self._queues = frozenset(queues) - self._declared
        self._real_name = real_name

    def topics(self) -> list[str]:
        """The dead letter topics: those that routes or the log name, and every `<queue>_dead`."""
        there = self._admin.topics().keys()
        ours = self._real_name("")
        known = self._declared | self._admin.dead_letter_topics()
        named = {name for name in there if name.endswith(DEAD_SUFFIX) and name.startswith(ours)}
        return sorted(((known | named) & there) - self._queues)

    def summaries(self) -> list[DeadLetterTopic]:
        """Each dead letter topic, with the number of its dead jobs and the newest one."""
        return [self.summary(topic) for topic in self.topics()]

    def jobs(self, topic: str) -> Iterator[DeadJob]:
        """The dead jobs of a topic that are not handled yet, partition after partition. Those that
        arrive meanwhile are left out: a job that is put back and fails again would come for ever.
        """
        known = self.handled(topic)
        for source, marks in sorted(self._admin.watermarks(topic).items()):
            done_here = known.get(source, Done())
            offset = max(marks.low, done_here.position)
            while offset < marks.high:
                records = self._admin.read(source, offset, BATCH)
                if not records:
                    break
                offset = records[-1].offset + 1
                for record in records:
                    if record.offset < marks.high and record.offset not in done_here:
                        yield DeadJob(source, record)

    def find(self, which: Sequence[str]) -> Iterator[DeadJob]:
        """The dead jobs that `which` names: each name is a topic (all its jobs), a place as in
        `DeadJob.id`, or the id of a job. A name that is not found raises before the first job.

        Raises:
            ArgumentError: a name was not found.
        """
        topics = [found for name in which if (found := self.topic(name)) is not None]
        rest = [name for name in which if self.topic(name) is None]
        places = {name: place for name in rest if (place := parse_place(name)) is not None}
        wanted = {name for name in rest if name not in places}
        single = [self._at(name, *place) for name, place in places.items()]
        if wanted:
            every = (job for topic in self.topics() for job in self.jobs(topic))
            by_id = [job for job in every if job.job_id in wanted]
            if missing := wanted - {job.job_id for job in by_id}:
                names = ", ".join(sorted(missing))
                raise ArgumentError(
                    f"{names}: no dead letter topic, no place (topic:partition:offset), and no job "
                    f"with that id among the dead letters. `samovar dead list` shows what is there."
                )
            single += by_id
        seen: set[str] = set()
        for job in (*single, *(one for topic in topics for one in self.jobs(topic))):
            if job.id not in seen:
                seen.add(job.id)
                yield job

    def topic(self, name: str) -> str | None:
        """The dead letter topic of that real or logical name; None if there is none. A topic
        that no route names counts if its first record was moved there by a worker.
        """
        known = self.topics()
        for candidate in (name, self._real_name(name)):
            if candidate in known:
                return candidate
        for candidate in (name, self._real_name(name)):
            if candidate in self._admin.topics() and candidate not in self._queues:
                first = next(self.jobs(candidate), None)
                if first is not None and "source_topic" in first.trace:
                    return candidate
        return None

    def retry(self, jobs: Iterable[DeadJob]) -> Iterator[Handled]:
        """Put jobs back into the topics they came from, batch after batch. One that its topic
        refuses stays where it is.

        Raises:
            BrokerError: of some it is not known whether they are stored. These are not marked.
        """
        topics = self._admin.topics()
        for batch in _batches(jobs):
            back: list[tuple[DeadJob, NewRecord]] = []
            left: list[tuple[DeadJob, str]] = []
            for job in batch:
                try:
                    back.append((job, _placed(revived(job), topics)))
                except ArgumentError as error:
                    left.append((job, str(error)))
            marks = self._marks(job for job, _ in back)  # or else nothing is put back
            answers = self._put_back([record for _, record in back])
            done: list[DeadJob] = []
            for (job, _), answer in zip(back, answers, strict=True):
                if isinstance(answer, Written):
                    done.append(job)
                elif isinstance(answer, DeliveryFailedError):
                    left.append((job, str(answer)))
            self._commit(marks if len(done) == len(back) else self._marks(done))
            yield Handled(tuple(done), tuple(left))
            if len(done) + len(left) < len(batch):
                raise _unanswered(answers)

    def discard(self, jobs: Iterable[DeadJob]) -> Iterator[Handled]:
        """Mark jobs as handled, batch after batch, without putting them back."""
        for batch in _batches(jobs):
            self._commit(self._marks(batch))
            yield Handled(tuple(batch))

    def refusal(self, job: DeadJob) -> str:
        """Why the job cannot be put back; empty if it can, as far as is known before."""
        try:
            _placed(revived(job), self._admin.topics())
        except ArgumentError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Let go of connections."""
        self._admin.close()

    def _put_back(self, records: Sequence[NewRecord]) -> list[Written | BrokerError | None]:
        """The answer to each; None: it is not known."""
        answers: list[Written | BrokerError | None] = [None] * len(records)
        if records:
            producer = self._producer()
            for index, error in producer.produce_each(records, answers.__setitem__).items():
                answers[index] = error
            producer.wait_until(lambda: None not in answers)
        return answers

    def summary(self, topic: str) -> DeadLetterTopic:
        """A dead letter topic, with the number of its dead jobs and the newest one."""
        summary = DeadLetterTopic(topic=topic, count=0)
        known = self.handled(topic)
        for source, marks in sorted(self._admin.watermarks(topic).items()):
            done_here = known.get(source, Done())
            first = max(marks.low, done_here.position)
            span = marks.high - first
            is_estimate = span > BATCH
            at = marks.high - BATCH if is_estimate else first
            records = self._admin.read(source, at, BATCH) if span > 0 else []
            there = [DeadJob(source, r) for r in records if r.offset not in done_here]
            count = span - len(done_here.beyond) if is_estimate else len(there)
            newest = [job for job in (summary.newest, *there[-1:]) if job is not None]
            summary = replace(
                summary,
                count=summary.count + count,
                is_estimate=summary.is_estimate or is_estimate,
                newest=max(newest, key=lambda job: job.record.timestamp, default=None),
            )
        return summary

    def _at(self, name: str, source: TopicPartition, offset: int) -> DeadJob:
        topic = self.topic(source.topic)
        if topic is None:
            raise ArgumentError(f"{name}: {source.topic!r} is no dead letter topic.")
        source = TopicPartition(topic, source.partition)
        if source not in self._admin.watermarks(topic):
            raise ArgumentError(f"{name}: {topic!r} has no partition {source.partition}.")
        if offset in self.handled(topic).get(source, Done()):
            raise ArgumentError(f"{name}: this dead letter was handled before.")
        records = self._admin.read(source, offset, 1)
        if not records or records[0].offset != offset:
            raise ArgumentError(f"{name}: there is no dead letter (any more).")
        return DeadJob(source, records[0])

    def handled(self, topic: str) -> dict[TopicPartition, Done]:
        """What is handled: by these commands, or by workers that serve the topic."""
        ours = self._admin.commits(self._group, topic)
        known = {source: done.read(commit) for source, commit in ours.items()}
        for source, position in self._admin.committed(self._workers, topic).items():
            before = known.get(source, Done())
            known[source] = before.plus((), first_open=position)
        return known

    def _marks(self, jobs: Iterable[DeadJob]) -> dict[TopicPartition, Commit]:
        """The commits that remember these jobs beside all that is done already."""
        offsets: dict[TopicPartition, set[int]] = {}
        for job in jobs:
            offsets.setdefault(job.place, set()).add(job.record.offset)
        known = {topic: self.handled(topic) for topic in {source.topic for source in offsets}}
        marks: dict[TopicPartition, Commit] = {}
        for source, here in offsets.items():
            before = known[source.topic].get(source, Done())
            after = before.plus(here, first_open=self._first_open(source, before, here))
            if not after.fits:
                raise ArgumentError(
                    f"{source.topic}[{source.partition}]: too many single jobs to remember; "
                    f"handle those from offset {after.position} on first."
                )
            marks[source] = after.commit()
        return marks

    def _first_open(self, source: TopicPartition, before: Done, here: set[int]) -> int:
        """The first offset that is still open when `here` is done too."""
        position = before.position
        while records := self._admin.read(source, position, BATCH):
            for record in records:
                if record.offset not in before and record.offset not in here:
                    return record.offset
            position = records[-1].offset + 1
        return position

    def _commit(self, marks: Mapping[TopicPartition, Commit]) -> None:
        if marks:
            self._admin.commit(self._group, marks)


def _batches(jobs: Iterable[DeadJob]) -> Iterator[list[DeadJob]]:
    source = iter(jobs)
    while batch := list(islice(source, BATCH)):
        yield batch


def _unanswered(answers: Iterable[Written | BrokerError | None]) -> BrokerError:
    """Why of some jobs it is not known whether they are stored."""
    for answer in answers:
        if isinstance(answer, BrokerError) and not isinstance(answer, DeliveryFailedError):
            return answer
    return DeliveryUnknownError("There was no answer in time for some jobs; try again.")


def _placed(record: NewRecord, topics: Mapping[str, int]) -> NewRecord:
    """The record, in a partition that is there.

    Raises:
        ArgumentError: its topic is not.
    """
    count = topics.get(record.topic)
    if count is None:
        raise ArgumentError(
            f"There is no topic {record.topic!r} any more; `samovar topics create` creates what "
            "is declared."
        )
    if record.partition is not None and record.partition >= count:
        return structs.replace(record, partition=None)
    return record
