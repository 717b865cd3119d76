"""A consumer's own wake pipe, and what wakes all consumers of a log.

An open wake pipe proves that its process lives.
"""

from __future__ import annotations

import os
import select
import threading
import weakref
from contextlib import suppress

from samovar.broker.embedded.wake_directory import WakeDirectory
from samovar.errors import StoreError
from samovar.support import clock

#: Where there are no named pipes, a waiting consumer looks at the log this often, in seconds.
LOOK_SECONDS = 0.01
#: A directory's time stamp may miss changes within one tick of the kernel's clock.
_STAMP_NANOSECONDS = 50_000_000


class WakePipe:
    """A consumer's own wake pipe. `name` is None where the system has no named pipes."""

    def __init__(self, directory: WakeDirectory) -> None:
        """
        Raises:
            StoreError: the directory of the pipes may hold what is not ours.
        """
        self._directory = directory
        self.name: str | None = None
        self._fd: int | None = None
        #: Takes the place of the pipe where there is none.
        self._event = threading.Event()
        #: Guards the descriptor: once closed, its number may be another file's.
        self._lock = threading.Lock()
        with suppress(OSError, AttributeError):
            self.name, self._fd = directory.create()
        _pipes.add(self)
        _guard_against_forks()

    def wait(self, timeout: float) -> bool:
        """Sleep until `wake`, at most `timeout` seconds; whether `wake` was called."""
        if self._fd is None:
            was_woken = self._event.wait(min(timeout, LOOK_SECONDS))
            self._event.clear()
            return was_woken
        if not _readable(self._fd, timeout):
            return False
        with suppress(BlockingIOError):
            os.read(self._fd, 65536)
        return True

    def wake(self) -> None:
        """Wake the waiting thread. Any thread may call this."""
        with self._lock:
            if self._fd is None:
                self._event.set()
                return
            with suppress(BlockingIOError):
                os.write(self._fd, b"!")

    def close(self) -> None:
        """Remove the pipe."""
        if self.name is not None:
            self._directory.remove(self.name)
        with self._lock:
            self.forget()

    def forget(self) -> None:
        """Close the pipe but leave its file: it belongs to another process."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


class Waker:
    """Wakes every consumer of a log. Not thread-safe: its user's lock guards it."""

    def __init__(self, directory: WakeDirectory) -> None:
        self._directory = directory
        self._fds: dict[str, int] = {}
        self._seen: tuple[int, int] | None = None

    def wake(self) -> None:
        """Wake every consumer of every process."""
        self._look_for_new_pipes()
        for name, fd in list(self._fds.items()):
            try:
                os.write(fd, b"!")
            except BlockingIOError:
                pass  # The pipe is full already, so its reader will wake.
            except OSError:
                self._drop(name)

    def close(self) -> None:
        """Close all pipes."""
        for name in list(self._fds):
            self._drop(name)
        self._seen = None

    def _look_for_new_pipes(self) -> None:
        stamp = self._directory.stamp()
        if stamp is None:
            self.close()
        if stamp is None or stamp == self._seen:
            return
        # A directory that may not be ours is skipped; who makes a pipe there gets the error.
        with suppress(StoreError):
            self._open_new(set(self._directory.names()))
        settled = clock.now_ns() - stamp[1] > _STAMP_NANOSECONDS
        self._seen = stamp if settled else None

    def _open_new(self, names: set[str]) -> None:
        for name in self._fds.keys() - names:
            self._drop(name)
        for name in names - self._fds.keys():
            with suppress(OSError):
                self._fds[name] = self._directory.open_for_writing(name)

    def _drop(self, name: str) -> None:
        os.close(self._fds.pop(name))


def _readable(fd: int, timeout: float) -> bool:
    # Not select(): that fails for descriptors above 1023.
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(timeout, 0) * 1000))


#: Those of this process. A forked child must not hold them open: its parent would seem alive.
_pipes: weakref.WeakSet[WakePipe] = weakref.WeakSet()
_guarded = False


def _guard_against_forks() -> None:
    global _guarded
    if not _guarded and hasattr(os, "register_at_fork"):
        _guarded = True
        os.register_at_fork(after_in_child=_forget_pipes)


def _forget_pipes() -> None:
    for pipe in list(_pipes):
        pipe.forget()
