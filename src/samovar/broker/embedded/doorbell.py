"""Named pipes that wake sleeping consumers, and that prove by being open that they live."""

from __future__ import annotations

import errno
import os
import secrets
import select
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

#: Where pipes are not to be had, a sleeper looks for itself this often.
LOOK_SECONDS = 0.01
#: A directory's time stamp may miss changes that come within one tick of the kernel's clock.
_STAMP_NANOSECONDS = 50_000_000


def bells_directory(path: Path) -> Path:
    """Where the bells of the log at `path` hang."""
    return path.with_name(f"{path.name}-bells")


class Doorbell:
    """A consumer's own bell. `name` is None where named pipes are not to be had."""

    def __init__(self, directory: Path) -> None:
        self._path: Path | None = None
        self._fd: int | None = None
        #: Rings instead of the pipe where there is none.
        self._event = threading.Event()
        #: Guards the pipe: closed while another thread rings, its number might be another file's.
        self._lock = threading.Lock()
        with suppress(OSError, AttributeError):
            self._open(directory)
        _bells.add(self)
        _guard_against_forks()

    @property
    def name(self) -> str | None:
        return None if self._path is None else self._path.name

    def _open(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        name = secrets.token_hex(8)
        hidden, path = directory / f".{name}", directory / name
        os.mkfifo(hidden, 0o666)
        # For writing too, or the pipe would be at its end whenever no writer has it open.
        self._fd = os.open(hidden, os.O_RDWR | os.O_NONBLOCK)
        # A bell in sight that nobody has open means death, so it appears only now.
        hidden.rename(path)
        self._path = path

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
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
        with self._lock:
            self.forget()

    def forget(self) -> None:
        """Let go of the pipe without taking it down: it is another process's bell."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


class Ringer:
    """Rings every bell of a log. Not thread-safe: its user's lock guards it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
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
        try:
            status = self._directory.stat()
        except OSError:
            self.close()
            return
        stamp = (status.st_ino, status.st_mtime_ns)
        if stamp == self._seen:
            return
        names = set(_names(self._directory))
        for name in self._fds.keys() - names:
            self._drop(name)
        for name in names - self._fds.keys():
            with suppress(OSError):
                self._fds[name] = _open_to_ring(self._directory, name)
        settled = time.time_ns() - status.st_mtime_ns > _STAMP_NANOSECONDS
        self._seen = stamp if settled else None

    def _drop(self, name: str) -> None:
        os.close(self._fds.pop(name))


def is_abandoned(directory: Path, name: str) -> bool:
    """Whether the process that hung this bell is gone."""
    try:
        os.close(_open_to_ring(directory, name))
    except OSError as error:
        return error.errno in (errno.ENXIO, errno.ENOENT)
    return False


def take_down_abandoned(directory: Path) -> None:
    """Remove the bells that dead processes have left."""
    for name in _names(directory):
        if is_abandoned(directory, name):
            with suppress(OSError):
                (directory / name).unlink()


def _names(directory: Path) -> list[str]:
    try:
        return [path.name for path in directory.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _open_to_ring(directory: Path, name: str) -> int:
    return os.open(directory / name, os.O_WRONLY | os.O_NONBLOCK)


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
