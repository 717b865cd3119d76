"""Acting on dead jobs that were seen: only if they are still there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from samovar.broker.port import TopicPartition
from samovar.engine.failing.dead_job import DeadJob
from samovar.engine.failing.dead_letter_store import BATCH, DeadLetterStore, Handled
from samovar.engine.inspecting.queues import Progress, by_hand
from samovar.engine.inspecting.views import dead_job
from samovar.inspection.plans import Outcome
from samovar.inspection.values import JobView

_GONE = "It is no longer there: it was handled meanwhile."


class DeadJobActions:
    """Puts dead jobs back or gives them up, in steps."""

    def __init__(self, store: DeadLetterStore) -> None:
        self._store = store

    def retry(self, jobs: Iterable[JobView]) -> Iterator[Outcome]:
        """Put them back into their queues."""
        return self._act(jobs, self._store.retry)

    def discard(self, jobs: Iterable[JobView]) -> Iterator[Outcome]:
        """Give them up for good."""
        return self._act(jobs, self._store.discard)

    def handled(self, topic: str) -> Callable[[TopicPartition], Progress]:
        """Which dead jobs of a topic are handled, by partition."""
        known = {source: by_hand(done) for source, done in self._store.handled(topic).items()}
        return lambda source: known.get(source, Progress())

    def _act(
        self, jobs: Iterable[JobView], act: Callable[[Iterable[DeadJob]], Iterator[Handled]]
    ) -> Iterator[Outcome]:
        source = iter(jobs)
        while batch := list(islice(source, BATCH)):
            seen: dict[str, JobView] = {}
            wanted: list[DeadJob] = []
            refused: list[tuple[JobView, str]] = []
            for job, dead in zip(batch, self._still_there(batch), strict=True):
                if dead is None or job.ref in seen:
                    refused.append((job, _GONE))
                else:
                    seen[job.ref] = job
                    wanted.append(dead)
            if refused:
                yield Outcome((), tuple(refused))
            for handled in act(wanted):
                yield Outcome(
                    tuple(seen[job.id] for job in handled.done),
                    tuple((seen[job.id], why) for job, why in handled.left),
                )

    def _still_there(self, batch: Iterable[JobView]) -> Iterator[DeadJob | None]:
        """The dead jobs that were seen; None for each that was handled meanwhile."""
        known: dict[str, Callable[[TopicPartition], Progress] | None] = {}
        for job in batch:
            dead = dead_job(job)
            if dead is None:
                yield None
                continue
            topic = dead.place.topic
            if topic not in known:
                known[topic] = self.handled(topic) if self._store.topic(topic) == topic else None
            handled = known[topic]
            is_open = handled is not None and dead.record.offset not in handled(dead.place)
            yield dead if is_open else None

    def refusal(self, job: JobView) -> Iterator[tuple[JobView, str]]:
        """Why it would not be put back, if so."""
        dead = dead_job(job)
        if dead is not None and (why := self._store.refusal(dead)):
            yield job, why
