"""What of an application others touch on the same log: seen when a worker starts, and announced."""

from __future__ import annotations

from samovar import events
from samovar.broker.port import Admin
from samovar.engine import start_report
from samovar.engine.recurrence import Recurrence
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.subscriptions import subscriptions
from samovar.engine.serving import Serving
from samovar.errors import BrokerError
from samovar.recurring.task import RecurringTasks


class Neighbours:
    """Looks at the other groups of the log, and at the other processes of its own group."""

    def __init__(self, *, group: str, routes: Routes, admin: Admin, recurrence: Recurrence) -> None:
        self._group = group
        self._routes = routes
        self._admin = admin
        self._recurrence = recurrence

    def announce(self, serving: Serving, tasks: RecurringTasks) -> None:
        """Say which queues nobody of this group serves, which ones another group reads too, and
        which recurring tasks another process of this group keeps from being fired.
        """
        unserved = start_report.unserved(serving, tasks)
        try:
            readers = self._admin.readers([*serving.queues(), *unserved])
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
