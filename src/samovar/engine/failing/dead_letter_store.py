"""The dead letters of an application: what is there, and dealing with it.

What is dealt with is remembered as commits of a group of its own, so that it is not shown again.
A letter is put back first and marked then: a crash in between repeats it, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from msgspec import structs

from samovar.broker.port import Admin, Commit, NewRecord, Producer, TopicPartition, Written
from samovar.engine.failing import handled as done
from samovar.engine.failing.dead_job import Letter, parse_place, revived
from samovar.engine.failing.handled import Done
from samovar.engine.routing.topic import DEAD_SUFFIX
from samovar.errors import (
    ArgumentError,
    BrokerError,
    DeliveryFailedError,
    DeliveryUnknownError,
)

#: Letters that are put back before they are marked: so many may be repeated after a crash.
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A dead letter topic."""

    topic: str
    #: Letters that nobody has dealt with.
    count: int
    #: Whether the count was only read off the offsets.
    is_estimate: bool = False
    #: The one that came last.
    newest: Letter | None = None


@dataclass(frozen=True, slots=True)
class Dealt:
    """What became of some letters."""

    done: tuple[Letter, ...]
    #: Letters that stay where they are, each with the reason.
    left: tuple[tuple[Letter, str], ...] = ()


class Morgue:
    """Finds dead letters, puts them back, gives them up. For one thread."""

    def __init__(
        self,
        *,
        admin: Admin,
        producer: Callable[[], Producer],
        group: str,
        drawn: Iterable[str],
        queues: Iterable[str],
        real_name: Callable[[str], str],
    ) -> None:
        """`group` is the workers' own; `drawn` are dead letter topics of routes, `queues` the
        topics of jobs that routes draw; `producer` makes one when it is needed.
        """
        self._admin = admin
        self._producer = producer
        self._workers = group
        self._group = f"{group}-dead"
        self._drawn = frozenset(drawn)
        self._queues = frozenset(queues) - self._drawn
        self._real_name = real_name

    def topics(self) -> list[str]:
        """The dead letter topics: those that routes or the log name, and `<queue>_dead`."""
        there = self._admin.topics().keys()
        ours = self._real_name("")
        known = self._drawn | self._admin.dead_letter_topics()
        named = {name for name in there if name.endswith(DEAD_SUFFIX) and name.startswith(ours)}
        return sorted(((known | named) & there) - self._queues)

    def shelves(self) -> list[Shelf]:
        """Each dead letter topic, with how many letters it has and the newest one."""
        return [self._shelf(topic) for topic in self.topics()]

    def letters(self, topic: str) -> Iterator[Letter]:
        """The letters of a topic that nobody has dealt with, partition after partition. Those that
        come meanwhile are left out: one that is put back and fails again must have an end.
        """
        known = self._done(topic)
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
                        yield Letter(source, record)

    def find(self, which: Sequence[str]) -> Iterator[Letter]:
        """The letters that are meant: each of `which` names a topic (all its letters), a place as
        in `Letter.id`, or a job by its id. Whatever cannot be found is told before the first one.

        Raises:
            ArgumentError: something names no dead letter.
        """
        topics = [found for name in which if (found := self.topic(name)) is not None]
        rest = [name for name in which if self.topic(name) is None]
        places = {name: place for name in rest if (place := parse_place(name)) is not None}
        wanted = {name for name in rest if name not in places}
        single = [self._at(name, *place) for name, place in places.items()]
        if wanted:
            every = (letter for topic in self.topics() for letter in self.letters(topic))
            by_id = [letter for letter in every if letter.job_id in wanted]
            if missing := wanted - {letter.job_id for letter in by_id}:
                told = ", ".join(sorted(missing))
                raise ArgumentError(
                    f"{told}: no dead letter topic, no place (topic:partition:offset), and no job "
                    f"with that id among the dead letters. `samovar dead list` shows what is there."
                )
            single += by_id
        seen: set[str] = set()
        for letter in (*single, *(one for topic in topics for one in self.letters(topic))):
            if letter.id not in seen:
                seen.add(letter.id)
                yield letter

    def topic(self, name: str) -> str | None:
        """The dead letter topic of that real or logical name; None if there is none. One that no
        route names counts when what lies in it was moved there.
        """
        known = self.topics()
        for candidate in (name, self._real_name(name)):
            if candidate in known:
                return candidate
        for candidate in (name, self._real_name(name)):
            if candidate in self._admin.topics() and candidate not in self._queues:
                first = next(self.letters(candidate), None)
                if first is not None and "source_topic" in first.trace:
                    return candidate
        return None

    def retry(self, letters: Iterable[Letter]) -> Iterator[Dealt]:
        """Put letters back into the topics they came from, batch after batch. One that its topic
        refuses stays where it is.

        Raises:
            BrokerError: of some it is not known whether they are stored. These are not marked.
        """
        topics = self._admin.topics()
        for batch in _batches(letters):
            back: list[tuple[Letter, NewRecord]] = []
            left: list[tuple[Letter, str]] = []
            for letter in batch:
                try:
                    back.append((letter, _placed(revived(letter), topics)))
                except ArgumentError as error:
                    left.append((letter, str(error)))
            marks = self._marks(letter for letter, _ in back)  # or else nothing is put back
            answers = self._put_back([record for _, record in back])
            done: list[Letter] = []
            for (letter, _), answer in zip(back, answers, strict=True):
                if isinstance(answer, Written):
                    done.append(letter)
                elif isinstance(answer, DeliveryFailedError):
                    left.append((letter, str(answer)))
            self._commit(marks if len(done) == len(back) else self._marks(done))
            yield Dealt(tuple(done), tuple(left))
            if len(done) + len(left) < len(batch):
                raise _unanswered(answers)

    def discard(self, letters: Iterable[Letter]) -> Iterator[Dealt]:
        """Give letters up, batch after batch."""
        for batch in _batches(letters):
            self._commit(self._marks(batch))
            yield Dealt(tuple(batch))

    def close(self) -> None:
        """Let go of connections."""
        self._admin.close()

    def _put_back(self, records: Sequence[NewRecord]) -> list[Written | BrokerError | None]:
        """What became of each; None: nobody knows."""
        answers: list[Written | BrokerError | None] = [None] * len(records)
        if records:
            producer = self._producer()
            for index, error in producer.produce_each(records, answers.__setitem__).items():
                answers[index] = error
            producer.wait_until(lambda: None not in answers)
        return answers

    def _shelf(self, topic: str) -> Shelf:
        shelf = Shelf(topic=topic, count=0)
        known = self._done(topic)
        for source, marks in sorted(self._admin.watermarks(topic).items()):
            done_here = known.get(source, Done())
            first = max(marks.low, done_here.position)
            span = marks.high - first
            is_estimate = span > BATCH
            at = marks.high - BATCH if is_estimate else first
            records = self._admin.read(source, at, BATCH) if span > 0 else []
            there = [Letter(source, r) for r in records if r.offset not in done_here]
            count = span - len(done_here.beyond) if is_estimate else len(there)
            newest = [letter for letter in (shelf.newest, *there[-1:]) if letter is not None]
            shelf = replace(
                shelf,
                count=shelf.count + count,
                is_estimate=shelf.is_estimate or is_estimate,
                newest=max(newest, key=lambda letter: letter.record.timestamp, default=None),
            )
        return shelf

    def _at(self, name: str, source: TopicPartition, offset: int) -> Letter:
        topic = self.topic(source.topic)
        if topic is None:
            raise ArgumentError(f"{name}: {source.topic!r} is no dead letter topic.")
        source = TopicPartition(topic, source.partition)
        if source not in self._admin.watermarks(topic):
            raise ArgumentError(f"{name}: {topic!r} has no partition {source.partition}.")
        if offset in self._done(topic).get(source, Done()):
            raise ArgumentError(f"{name}: this dead letter has been dealt with.")
        records = self._admin.read(source, offset, 1)
        if not records or records[0].offset != offset:
            raise ArgumentError(f"{name}: there is no dead letter (any more).")
        return Letter(source, records[0])

    def _done(self, topic: str) -> dict[TopicPartition, Done]:
        """What is dealt with: by these commands, or by workers that serve the topic."""
        ours = self._admin.commits(self._group, topic)
        known = {source: done.read(commit) for source, commit in ours.items()}
        for source, position in self._admin.committed(self._workers, topic).items():
            before = known.get(source, Done())
            known[source] = before.plus((), first_open=position)
        return known

    def _marks(self, letters: Iterable[Letter]) -> dict[TopicPartition, Commit]:
        """The commits that remember these letters beside all that is done already."""
        offsets: dict[TopicPartition, set[int]] = {}
        for letter in letters:
            offsets.setdefault(letter.place, set()).add(letter.record.offset)
        known = {topic: self._done(topic) for topic in {source.topic for source in offsets}}
        marks: dict[TopicPartition, Commit] = {}
        for source, here in offsets.items():
            before = known[source.topic].get(source, Done())
            after = before.plus(here, first_open=self._first_open(source, before, here))
            if not after.fits:
                raise ArgumentError(
                    f"So many single letters amid {source.topic}[{source.partition}] cannot be "
                    f"remembered: deal first with those from {after.position} on."
                )
            marks[source] = after.commit()
        return marks

    def _first_open(self, source: TopicPartition, before: Done, here: set[int]) -> int:
        """The first offset that is still open when `here` is done too."""
        behind = before.position
        while records := self._admin.read(source, behind, BATCH):
            for record in records:
                if record.offset not in before and record.offset not in here:
                    return record.offset
            behind = records[-1].offset + 1
        return behind

    def _commit(self, marks: Mapping[TopicPartition, Commit]) -> None:
        if marks:
            self._admin.commit(self._group, marks)


def _batches(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    source = iter(letters)
    while batch := list(islice(source, BATCH)):
        yield batch


def _unanswered(answers: Iterable[Written | BrokerError | None]) -> BrokerError:
    """Why of some letters it is not known whether they are stored."""
    for answer in answers:
        if isinstance(answer, BrokerError) and not isinstance(answer, DeliveryFailedError):
            return answer
    return DeliveryUnknownError("There was no answer in time for some letters; try again.")


def _placed(record: NewRecord, topics: Mapping[str, int]) -> NewRecord:
    """The record, in a partition that is there.

    Raises:
        ArgumentError: its topic is not.
    """
    count = topics.get(record.topic)
    if count is None:
        raise ArgumentError(
            f"There is no topic {record.topic!r} any more; `samovar topics create` creates what "
            "is drawn."
        )
    if record.partition is not None and record.partition >= count:
        return structs.replace(record, partition=None)
    return record
