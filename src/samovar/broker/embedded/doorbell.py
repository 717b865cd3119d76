"""A consumer's own bell, which wakes it; and what rings all bells of a log.

A bell proves by being open that its process lives.
"""

from __future__ import annotations

import os
import select
import threading
import time
import weakref
from contextlib import suppress

from samovar.broker.embedded.bells import Bells
from samovar.errors import StoreError

#: Where pipes are not to be had, a sleeper looks for itself this often.
LOOK_SECONDS = 0.01
#: A directory's time stamp may miss changes that come within one tick of the kernel's clock.
_STAMP_NANOSECONDS = 50_000_000


class Doorbell:
    """A consumer's own bell. `name` is None where named pipes are not to be had."""

    def __init__(self, bells: Bells) -> None:
        """
        Raises:
            StoreError: the directory of the bells may hold what is not ours.
        """
        self._bells = bells
        self.name: str | None = None
        self._fd: int | None = None
        #: Rings instead of the pipe where there is none.
        self._event = threading.Event()
        #: Guards the pipe: closed while another thread rings, its number might be another file's.
        self._lock = threading.Lock()
        with suppress(OSError, AttributeError):
            self.name, self._fd = bells.hang()
        _bells.add(self)
        _guard_against_forks()

    def wait(self, timeout: float) -> bool:
        """Sleep until the bell rings, `timeout` seconds at most; whether it rang."""
        if self._fd is None:
            rang = self._event.wait(min(timeout, LOOK_SECONDS))
            self._event.clear()
            return rang
        if not _readable(self._fd, timeout):
            return False
        with suppress(BlockingIOError):
            os.read(self._fd, 65536)
        return True

    def ring(self) -> None:
        """Wake the sleeper; any thread may."""
        with self._lock:
            if self._fd is None:
                self._event.set()
                return
            with suppress(BlockingIOError):
                os.write(self._fd, b"!")

    def close(self) -> None:
        """Take the bell down."""
        if self.name is not None:
            self._bells.take_down(self.name)
        with self._lock:
            self.forget()

    def forget(self) -> None:
        """Let go of the pipe without taking it down: it is another process's bell."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


class Ringer:
    """Rings every bell of a log. Not thread-safe: its user's lock guards it."""

    def __init__(self, bells: Bells) -> None:
        self._bells = bells
        self._fds: dict[str, int] = {}
        self._seen: tuple[int, int] | None = None

    def ring(self) -> None:
        """Wake every consumer of every process."""
        self._look_for_new_bells()
        for name, fd in list(self._fds.items()):
            try:
                os.write(fd, b"!")
            except BlockingIOError:
                pass  # The pipe is full of rings already.
            except OSError:
                self._drop(name)

    def close(self) -> None:
        """Let go of all pipes."""
        for name in list(self._fds):
            self._drop(name)
        self._seen = None

    def _look_for_new_bells(self) -> None:
        stamp = self._bells.stamp()
        if stamp is None:
            self.close()
        if stamp is None or stamp == self._seen:
            return
        # What may not be ours is rung for nobody. Who hangs a bell there says so.
        with suppress(StoreError):
            self._open_new(set(self._bells.names()))
        settled = time.time_ns() - stamp[1] > _STAMP_NANOSECONDS
        self._seen = stamp if settled else None

    def _open_new(self, names: set[str]) -> None:
        for name in self._fds.keys() - names:
            self._drop(name)
        for name in names - self._fds.keys():
            with suppress(OSError):
                self._fds[name] = self._bells.open_to_ring(name)

    def _drop(self, name: str) -> None:
        os.close(self._fds.pop(name))


def _readable(fd: int, timeout: float) -> bool:
    # Not select(): that fails for descriptors above 1023.
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(timeout, 0) * 1000))


#: Bells of this process. A forked child must not hold them open: its parent would seem to live on.
_bells: weakref.WeakSet[Doorbell] = weakref.WeakSet()
_guarded = False


def _guard_against_forks() -> None:
    global _guarded
    if not _guarded and hasattr(os, "register_at_fork"):
        _guarded = True
        os.register_at_fork(after_in_child=_forget_bells)


def _forget_bells() -> None:
    for bell in list(_bells):
        bell.forget()
