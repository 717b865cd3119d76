"""Topics that must be there: created from their routes when they are not."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from samovar.broker.port import Admin, TopicSpec

#: What the names of the topics end with in which the engine remembers what recurs.
RECURRING_SUFFIX = ".recurring"


class Topics:
    """Knows which topics exist, and creates those that are needed. Any thread may use it."""

    def __init__(self, admin: Admin) -> None:
        self.admin = admin
        #: Re-entrant, as a finalizer that runs in between may enqueue.
        self._lock = threading.RLock()
        #: Name and partitions of topics seen to exist; changed under the lock, read without.
        self._known: dict[str, int] = {}

    def partitions(self, name: str) -> int | None:
        """How many partitions a topic has that was seen to exist; None when it was not."""
        return self._known.get(name)

    def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create what does not exist yet; the names of those created.

        Raises:
            BrokerError: the broker did not answer, or refused.
        """
        wanted = {spec.name: spec for spec in specs if spec.name not in self._known}
        if not wanted:
            return []
        with self._lock:
            # Only these are asked for: a listing of all takes longer with each queue there is.
            known = self.admin.topics(wanted)
            missing = [spec for name, spec in wanted.items() if name not in known]
            created = self.admin.create_topics(missing) if missing else []
            known |= {name: wanted[name].partitions for name in created}
            if late := wanted.keys() - known:  # another process was quicker
                known |= {name: wanted[name].partitions for name in late}
                known |= self.admin.topics(late)
            self._known.update(known)
            return created

    def forget(self) -> None:
        """What was seen to exist may be gone: ask again."""
        with self._lock:
            self._known = {}

    def counts(self) -> dict[str, int]:
        """Every topic of the broker with its number of partitions, asked anew."""
        with self._lock:
            self._known = self.admin.topics()
            return dict(self._known)

    def names(self) -> list[str]:
        """Every topic of the broker, asked anew."""
        return sorted(self.counts())

    def queues(self) -> list[str]:
        """Every topic of the broker, asked anew, but those made for dead letters and those in
        which the engine remembers what recurs.
        """
        with self._lock:
            self._known = self.admin.topics()
            queues = self._known.keys() - self.admin.dead_letter_topics()
            return sorted(name for name in queues if not name.endswith(RECURRING_SUFFIX))

    def close(self) -> None:
        """Let go of the admin's connection."""
        self.admin.close()
