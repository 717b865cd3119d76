"""The directory beside the log that holds its wake pipes: named pipes, one for each consumer.

Whoever may write the log may wake its consumers; nobody else may put anything there. So the
directory is checked each time it is opened, and no link in it or to it is followed.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from samovar.broker.embedded import place
from samovar.errors import StoreError

_NAME = re.compile(r"[0-9a-f]{16}")


class WakeDirectory:
    """The wake pipes of the log at `log`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        # The suffix is older than the word "wake pipe"; versions side by side must agree on it.
        self.path = log.with_name(f"{log.name}-bells")

    def create(self) -> tuple[str, int]:
        """Make a wake pipe; returns its name and its open descriptor.

        Raises:
            StoreError: the directory may hold what is not ours.
            OSError, AttributeError: the system has no named pipes here.
        """
        self._make()
        name = secrets.token_hex(8)
        with self._opened() as directory:
            hidden = f".{name}"
            os.mkfifo(hidden, 0o666, dir_fd=directory)
            # For writing too, or the pipe would be at its end whenever no writer has it open.
            fd = os.open(hidden, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=directory)
            # A visible pipe that nobody has open belongs to a dead process, so show it only now.
            os.rename(hidden, name, src_dir_fd=directory, dst_dir_fd=directory)
        return name, fd

    def remove(self, name: str) -> None:
        """Remove this pipe; what is no pipe stays."""
        with suppress(OSError, StoreError), self._opened() as directory:
            _check_pipe(os.stat(name, dir_fd=directory, follow_symlinks=False))
            os.unlink(name, dir_fd=directory)

    def remove_abandoned(self) -> None:
        """Remove the pipes that dead processes left."""
        for name in self.names():
            if self.is_abandoned(name):
                self.remove(name)

    def is_abandoned(self, name: str) -> bool:
        """Whether the process that made this pipe is gone."""
        try:
            os.close(self.open_for_writing(name))
        except OSError as error:
            return error.errno in (errno.ENXIO, errno.ENOENT)
        return False

    def names(self) -> list[str]:
        """The wake pipes in the directory; other files are ignored."""
        try:
            with self._opened():
                return [path.name for path in self.path.iterdir() if _NAME.fullmatch(path.name)]
        except (OSError, AttributeError):
            return []

    def stamp(self) -> tuple[int, int] | None:
        """Changes when a pipe is added or removed; None when there is no directory."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def open_for_writing(self, name: str) -> int:
        """The pipe, to write to.

        Raises:
            OSError: its process is gone (ENXIO), it was removed (ENOENT), or it is no pipe.
            StoreError: the directory may hold what is not ours.
        """
        with self._opened() as directory:
            # Check before opening: opening a device may already do something.
            _check_pipe(os.stat(name, dir_fd=directory, follow_symlinks=False))
            fd = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=directory)
        try:
            _check_pipe(os.fstat(fd))
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _make(self) -> None:
        place.make(self._log)
        try:
            self.path.mkdir(0o700)
        except FileExistsError:
            return
        with self._opened() as directory:
            os.fchmod(directory, _mode(self._log.stat()))

    @contextmanager
    def _opened(self) -> Generator[int]:
        try:
            directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise StoreError(f"{self.path}: {_NOT_A_DIRECTORY}") from error
            raise
        try:
            why = _foreign(os.fstat(directory), self._log.stat())
            if why is not None:
                raise StoreError(f"{self.path}: {why}. {_MEND}")
            yield directory
        finally:
            os.close(directory)


_MEND = (
    "Samovar keeps named pipes there, and uses the directory only if nobody can write to it who "
    "may not write the log. Remove it, or move the log to a directory of its own"
)
_NOT_A_DIRECTORY = f"this is a link or no directory. {_MEND}."


def _foreign(directory: os.stat_result, log: os.stat_result) -> str | None:
    """Why somebody who may not write the log could write here; None if nobody could."""
    if directory.st_uid not in (os.geteuid(), log.st_uid, 0):
        return f"the directory belongs to another user (uid {directory.st_uid})"
    open_to = directory.st_mode & ~log.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    other_group = directory.st_mode & stat.S_IWGRP and directory.st_gid != log.st_gid
    if open_to or other_group:
        return f"the directory is open to more users than the log (mode {directory.st_mode:o})"
    return None


def _mode(log: os.stat_result) -> int:
    """All rights for each class of users that may write the log, none for the others."""
    return sum(0o7 << shift for shift in (6, 3, 0) if log.st_mode >> shift & 0o2)


def _check_pipe(status: os.stat_result) -> None:
    if not stat.S_ISFIFO(status.st_mode):
        raise OSError(errno.EINVAL, "is no named pipe")
