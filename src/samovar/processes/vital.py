"""Threads that a worker cannot do without."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable


class VitalThread(threading.Thread):
    """Reports the error that ends it. Nobody else would notice: the process would stay, and do no
    more of what this thread was there for.
    """

    #: Called with that error, in this thread; a worker sets it.
    died: Callable[[BaseException], None] | None = None

    def run(self) -> None:
        """Work to the end."""
        try:
            self.work()
        except BaseException as error:
            if self.died is None:
                raise
            self.died(error)

    @abstractmethod
    def work(self) -> None:
        """What it is there for; returns when the thread was asked to end."""
