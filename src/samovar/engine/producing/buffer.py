"""Messages that are kept until they are sent together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from samovar.engine.producing.delivery import Delivery
from samovar.engine.producing.messages import Message
from samovar.errors import QueueFullError


class Buffer:
    """In order. Any thread may use it; a forked process begins with an empty one."""

    def __init__(self) -> None:
        self._begin()

    def add(self, messages: Sequence[Message]) -> None:
        """Keep these behind the others."""
        with self._mine():
            self._messages += messages

    def send(self, hand_over: Callable[[Sequence[Message]], list[Delivery]]) -> list[Delivery]:
        """Hand over all that is kept. What found no room in the producer stays here; so does
        everything if `hand_over` raises.
        """
        # Under the lock, so that of two threads that send the first one's messages go first.
        with self._mine():
            deliveries = hand_over(self._messages)
            pairs = zip(self._messages, deliveries, strict=True)
            self._messages = [m for m, d in pairs if isinstance(d.outcome, QueueFullError)]
            return deliveries

    def drop(self) -> int:
        """Forget all that is kept; how many messages those were."""
        with self._mine():
            count = len(self._messages)
            self._messages = []
            return count

    def _mine(self) -> threading.Lock:
        """The lock. What was kept when the process forked, the parent sends."""
        if self._process != os.getpid():
            self._begin()
        return self._lock

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        #: Guarded by `_lock`.
        self._messages: list[Message] = []
