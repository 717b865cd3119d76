"""Messages that are kept until they are sent together."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from samovar.engine.producing.delivery import Delivery
from samovar.engine.producing.messages import Message
from samovar.errors import QueueFullError


class Buffer:
    """In order. Any thread may use it; a forked process begins with an empty one."""

    def __init__(self) -> None:
        self._begin()

    def add(self, messages: Sequence[Message]) -> None:
        """Keep these after the others."""
        self._mine().extend(messages)

    def send(self, hand_over: Callable[[Sequence[Message]], list[Delivery]]) -> list[Delivery]:
        """Hand over all that is kept. What found no room in the producer stays here; so does
        everything if `hand_over` raises.
        """
        kept = self._mine()
        # Of two threads that send, the first one's messages go first.
        with self._sending:
            messages = _taken(kept)
            stay: Sequence[Message] = messages
            try:
                deliveries = hand_over(messages)
                pairs = zip(messages, deliveries, strict=True)
                stay = [m for m, d in pairs if isinstance(d.outcome, QueueFullError)]
            finally:
                kept.extendleft(reversed(stay))
            return deliveries

    def drop(self) -> int:
        """Forget all that is kept; how many messages those were."""
        return len(_taken(self._mine()))

    def _mine(self) -> deque[Message]:
        """What is kept. What was kept when the process forked, the parent sends."""
        if self._process != os.getpid():
            self._begin()
        return self._messages

    def _begin(self) -> None:
        self._process = os.getpid()
        #: Re-entrant: a finalizer that runs meanwhile, in this very thread, may send too.
        self._sending = threading.RLock()
        #: A deque, each of whose steps is whole; so it needs no lock.
        self._messages: deque[Message] = deque()


def _taken(kept: deque[Message]) -> list[Message]:
    """All that is there now; what comes meanwhile stays, and another thread may take some too."""
    taken: list[Message] = []
    with suppress(IndexError):
        for _ in range(len(kept)):
            taken.append(kept.popleft())
    return taken
