"""The inspector of a log: what is in its queues and dead letter queues, and acting on dead jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import reduce
from itertools import islice
from operator import add

from samovar.broker.port import Admin, Record, TopicPartition
from samovar.engine.failing.dead_job import parse_place
from samovar.engine.failing.dead_letter_store import DeadLetterStore
from samovar.engine.inspecting.abilities import ABILITIES
from samovar.engine.inspecting.acting import DeadJobActions
from samovar.engine.inspecting.counting import ABOUT, SHARED, OpenCounts
from samovar.engine.inspecting.queues import JobQueue, Progress, by_workers
from samovar.engine.inspecting.views import view
from samovar.engine.inspecting.walk import Span, Walk, spans
from samovar.errors import ArgumentError
from samovar.inspection.filters import JobFilter
from samovar.inspection.plans import SAMPLES, Action, Outcome, Plan
from samovar.inspection.port import MAX_EXAMINED, MAX_PAGE, Ability
from samovar.inspection.values import (
    NOTHING,
    Check,
    Count,
    ErrorGroup,
    HistoryPoint,
    JobView,
    Overview,
    Page,
    ProcessView,
    QueueView,
    RecurringView,
    Ref,
    State,
    UnavailableError,
)
from samovar.support import clock

#: Topics, each with what is finished in its partitions.
Chosen = Mapping[str, Callable[[TopicPartition], Progress]]
#: How many refused jobs a plan names.
MAX_REFUSED = 100


class LogInspector:
    """Fulfils `samovar.inspection.port.Inspector`."""

    def __init__(
        self,
        admin: Admin,
        store: DeadLetterStore,
        *,
        queues: Callable[[], Mapping[str, JobQueue]],
        real_name: Callable[[str], str],
        offsets_are_dense: bool,
    ) -> None:
        """`queues` gives the queues that workers serve; `offsets_are_dense`: every offset of this
        log is a job.
        """
        self._admin = admin
        self._store = store
        self._queues = queues
        self._real_name = real_name
        self._is_dense = offsets_are_dense
        self._actions = DeadJobActions(store)
        self._counts = OpenCounts(admin, offsets_are_dense=offsets_are_dense)

    # Questions.

    def abilities(self) -> Mapping[Ability, str]:
        """See the port, as for all that follows."""
        return ABILITIES

    def overview(self) -> Overview:
        views = self.queues()
        states: tuple[State, ...] = ("ready", "dead")
        return Overview(
            counts={
                state: reduce(add, (v.counts[state] for v in views if state in v.counts), NOTHING)
                for state in states
            },
            queues=sum(1 for found in views if not found.is_dead_letter_queue),
            asked_at=_now(),
        )

    def queues(self, state: State | None = None) -> Sequence[QueueView]:
        found: list[QueueView] = []
        if state in (None, "ready"):
            found += [self._queue(queue) for queue in self._there().values()]
        if state in (None, "dead"):
            found += [self._dead_queue(topic) for topic in self._store.topics()]
        return sorted(found, key=lambda queue: queue.name)

    def queue(self, name: str) -> QueueView | None:
        queues = self._there()
        for candidate in (name, self._real_name(name)):
            if candidate in queues:
                return self._queue(queues[candidate])
        topic = self._store.topic(name)
        return None if topic is None else self._dead_queue(topic)

    def dead_letter_queue(self, name: str) -> str | None:
        return self._store.topic(name)

    def jobs(self, filter: JobFilter, cursor: str | None = None, limit: int = 50) -> Page:
        if not 1 <= limit <= MAX_PAGE:
            raise ArgumentError(f"limit is {limit!r}; expected 1 to {MAX_PAGE}.")
        chosen = self._chosen(filter)
        walk = self._walk(chosen, cursor, MAX_EXAMINED)
        found = tuple(islice(self._matching(walk, filter), limit))
        is_over = walk.is_over
        return Page(
            items=found,
            next=None if is_over else walk.cursor,
            examined=walk.examined,
            complete=is_over or len(found) == limit,
            total=Count(walk.unfinished) if is_over and cursor is None else self._total(chosen),
            asked_at=_now(),
        )

    def job(self, ref: Ref) -> JobView | None:
        place = parse_place(ref)
        if place is None:
            return None
        queue = self._there().get(place[0].topic)
        if queue is None:
            dead = next(self._store.find([ref]))
            return view(dead.place, dead.record, "dead")
        source, offset = place
        marks = self._admin.watermarks(source.topic).get(source)
        records: list[Record] = []
        if marks is not None and marks.low <= offset < marks.high:
            records = self._admin.read(source, offset, 1)
        if not records or records[0].offset != offset:
            raise ArgumentError(f"{ref}: there is no such job (any more).")
        is_finished = offset in self._progress(queue)(source)
        return view(source, records[0], "finished" if is_finished else "ready")

    def find(self, text: str) -> Sequence[JobView]:
        if (job := self.job(Ref(text))) is not None:
            return (job,)
        states: tuple[State, ...] = ("dead", "ready")
        found: list[JobView] = []
        for state in states:
            with suppress(UnavailableError):  # of share groups only dead jobs are found
                found += self.jobs(JobFilter(state=state, job_id=text)).items
        return tuple(found)

    def count(self, filter: JobFilter) -> Count:
        if not filter.is_narrow:
            return self._total(self._chosen(filter))
        chosen = self._chosen(filter)
        walk = self._walk(chosen, None, MAX_EXAMINED)
        number = sum(1 for _ in self._matching(walk, filter))
        return self._counted(number, walk, chosen)

    def processes(self) -> Sequence[ProcessView]:
        raise _unavailable("processes")

    def recurring(self) -> Sequence[RecurringView]:
        raise _unavailable("recurring")

    def errors(self, since: datetime) -> Sequence[ErrorGroup]:
        raise _unavailable("errors")

    def history(self, since: datetime, step: timedelta) -> Sequence[HistoryPoint]:
        raise _unavailable("history")

    def key(self, queue: str, key: str) -> Sequence[JobView]:
        raise _unavailable("key")

    def checks(self) -> Sequence[Check]:
        raise _unavailable("checks")

    # Actions.

    def plan(self, action: Action, filter: JobFilter) -> Plan:
        _require_dead(filter)
        chosen = self._chosen(filter)
        walk = self._walk(chosen, None, MAX_EXAMINED)
        cut_off = walk.cursor
        classes: Counter[str] = Counter()
        samples: list[JobView] = []
        refused: list[tuple[JobView, str]] = []
        number = 0
        for job in self._matching(walk, filter):
            number += 1
            classes[job.job_class or ""] += 1
            if len(samples) < SAMPLES:
                samples.append(job)
            if action == "retry" and len(refused) < MAX_REFUSED:
                refused += self._actions.refusal(job)
        return Plan(
            action=action,
            filter=filter,
            cut_off=cut_off,
            count=self._counted(number, walk, chosen),
            by_class=dict(classes),
            samples=tuple(samples),
            refused=tuple(refused),
            asked_at=_now(),
        )

    def carry_out(self, plan: Plan) -> Iterator[Outcome]:
        _require_dead(plan.filter)
        if _now() > plan.valid_until:
            raise ArgumentError("This plan is too old: make it again, and look at it again.")
        walk = self._walk(self._chosen(plan.filter), plan.cut_off, None)
        act = self.retry if plan.action == "retry" else self.discard
        return act(self._matching(walk, plan.filter))

    def retry(self, jobs: Iterable[JobView]) -> Iterator[Outcome]:
        return self._actions.retry(jobs)

    def discard(self, jobs: Iterable[JobView]) -> Iterator[Outcome]:
        return self._actions.discard(jobs)

    def close(self) -> None:
        self._store.close()
        self._admin.close()

    # Reading.

    def _there(self) -> dict[str, JobQueue]:
        """The queues whose topic exists."""
        topics = self._admin.topics()
        return {name: queue for name, queue in self._queues().items() if name in topics}

    def _queue(self, queue: JobQueue) -> QueueView:
        return QueueView(
            name=queue.name, counts={"ready": self._counts.ready(queue)}, asked_at=_now()
        )

    def _dead_queue(self, topic: str) -> QueueView:
        summary = self._store.summary(topic)
        newest = summary.newest
        is_about = summary.is_estimate and not self._is_dense
        count = Count(summary.count, "about", ABOUT) if is_about else Count(summary.count)
        return QueueView(
            name=topic,
            counts={"dead": count},
            asked_at=_now(),
            is_dead_letter_queue=True,
            newest=None if newest is None else view(newest.place, newest.record, "dead"),
        )

    def _chosen(self, filter: JobFilter) -> Chosen:
        """The topics that a filter means, each with what is finished in its partitions."""
        if filter.runtime is not None:
            raise _unavailable("runtime")
        if filter.state == "dead":
            names = self._store.topics()
            if filter.queue is not None:
                found = self._store.topic(filter.queue)
                if found is None:
                    raise ArgumentError(
                        f"{filter.queue!r} is no dead letter topic with jobs in it."
                    )
                names = [found]
            return {name: self._actions.handled(name) for name in names}
        if filter.state != "ready":
            raise _unavailable(filter.state)
        queues = self._there()
        if filter.queue is not None:
            names = [n for n in (filter.queue, self._real_name(filter.queue)) if n in queues][:1]
            if not names:
                raise ArgumentError(f"There is no queue {filter.queue!r}.")
            queues = {name: queues[name] for name in names}
        if shared := sorted(name for name, q in queues.items() if q.is_shared):
            raise UnavailableError(f"{', '.join(shared)}: {SHARED} Name another queue.")
        return {name: self._progress(queue) for name, queue in queues.items()}

    def _progress(self, queue: JobQueue) -> Callable[[TopicPartition], Progress]:
        commits = self._admin.commits(queue.group, queue.name)
        known = {source: by_workers(commit) for source, commit in commits.items()}
        return lambda source: known.get(source, Progress())

    def _walk(self, chosen: Chosen, cursor: str | None, limit: int | None) -> Walk:
        if cursor is not None:
            found = spans(cursor, chosen)
        else:
            found = [
                Span(source, max(marks.low, chosen[topic](source).position), marks.high)
                for topic in chosen
                for source, marks in self._admin.watermarks(topic).items()
            ]
        return Walk(self._admin, found, lambda source: chosen[source.topic](source), limit)

    def _matching(self, walk: Walk, filter: JobFilter) -> Iterator[JobView]:
        for source, record in walk:
            found = view(source, record, filter.state)
            if filter.matches(found):
                yield found

    def _total(self, chosen: Chosen) -> Count:
        """How many jobs there are in these topics."""
        parts = (self._counts.of(topic, progress) for topic, progress in chosen.items())
        return reduce(add, parts, NOTHING)

    def _counted(self, number: int, walk: Walk, chosen: Chosen) -> Count:
        if walk.is_over:
            return Count(number)
        why = f"Examined {walk.examined:,} of {self._total(chosen)}."
        return Count(number, "at_least", why)


def _require_dead(filter: JobFilter) -> None:
    if filter.state != "dead":
        raise _unavailable("discard_ready")


def _unavailable(ability: Ability) -> UnavailableError:
    return UnavailableError(ABILITIES[ability])


def _now() -> datetime:
    return clock.from_ns(clock.now_ns())
