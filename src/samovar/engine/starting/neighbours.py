"""What of an application others touch on the same log: seen when a worker starts, and announced."""

from __future__ import annotations

from samovar import events
from samovar.engine.recurring.recurrence import Recurrence
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.subscriptions import subscriptions
from samovar.engine.starting import report
from samovar.engine.topics.existing import Topics
from samovar.engine.topics.serving import Serving
from samovar.errors import BrokerError
from samovar.recurring.task import RecurringTasks

#: Partitions that one connection reads fast: its loop looks at each of them at every turn.
MAX_PARTITIONS = 8_000


class Neighbours:
    """Looks at the other groups of the log, and at the other processes of its own group."""

    def __init__(
        self, *, group: str, routes: Routes, topics: Topics, recurrence: Recurrence
    ) -> None:
        self._group = group
        self._routes = routes
        self._topics = topics
        self._recurrence = recurrence

    def announce(self, serving: Serving, tasks: RecurringTasks) -> None:
        """Say whether there are too many partitions, which queues nobody of this group serves,
        which ones another group reads too, and which recurring tasks another process of this group
        keeps from being fired.
        """
        unserved = report.unserved(serving, tasks)
        try:
            self._count(serving)
            readers = self._topics.admin.readers({*serving.queues(), *unserved})
            foreign = self._recurrence.fired_elsewhere() if len(tasks) else None
        except BrokerError as error:
            events.announce("broker.error", error=error)
            readers, foreign = {}, None
        own = {s.group for s in subscriptions(self._routes, self._group)} | {self._group}
        for queue, named_by in unserved.items():
            if not own & readers.get(queue, frozenset()):
                events.announce("queue.unserved", queue=queue, named_by=named_by)
        for queue in serving.job_queues():
            if others := sorted(readers.get(queue, frozenset()) - own):
                events.announce("queue.contended", queue=queue, groups=tuple(others))
        names = {task.name for task in tasks}
        if foreign is not None and names - foreign:
            events.announce(
                "recurring.unfired",
                group=self._group,
                tasks=tuple(sorted(names - foreign)),
                fired=tuple(sorted(foreign)),
            )

    def _count(self, serving: Serving) -> None:
        queues = serving.queues()
        counts = self._topics.counts()
        partitions = sum(counts.get(queue, 0) for queue in queues)
        if partitions > MAX_PARTITIONS:
            events.announce(
                "worker.crowded", queues=len(queues), partitions=partitions, most=MAX_PARTITIONS
            )
