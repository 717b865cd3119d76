"""The directory beside the log in which its bells hang: named pipes, one for each consumer.

Whoever may write the log may ring; nobody else may have put anything there. So the directory's own
state is checked each time that it is opened, and no link is followed in it or to it.
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


class Bells:
    """Those of the log at `log`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.path = log.with_name(f"{log.name}-bells")

    def hang(self) -> tuple[str, int]:
        """Hang a bell up; its name, and the pipe opened.

        Raises:
            StoreError: the directory may hold what is not ours.
            OSError, AttributeError: named pipes are not to be had.
        """
        self._make()
        name = secrets.token_hex(8)
        with self._opened() as directory:
            hidden = f".{name}"
            os.mkfifo(hidden, 0o666, dir_fd=directory)
            # For writing too, or the pipe would be at its end whenever no writer has it open.
            fd = os.open(hidden, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=directory)
            # A bell in sight that nobody has open means death, so it appears only now.
            os.rename(hidden, name, src_dir_fd=directory, dst_dir_fd=directory)
        return name, fd

    def take_down(self, name: str) -> None:
        """Remove a bell, if it is one."""
        with suppress(OSError, StoreError), self._opened() as directory:
            _check_pipe(os.stat(name, dir_fd=directory, follow_symlinks=False))
            os.unlink(name, dir_fd=directory)

    def take_down_abandoned(self) -> None:
        """Remove the bells that dead processes have left."""
        for name in self.names():
            if self.is_abandoned(name):
                self.take_down(name)

    def is_abandoned(self, name: str) -> bool:
        """Whether the process that hung this bell is gone."""
        try:
            os.close(self.open_to_ring(name))
        except OSError as error:
            return error.errno in (errno.ENXIO, errno.ENOENT)
        return False

    def names(self) -> list[str]:
        """The bells that hang there; whatever else is there is not touched."""
        try:
            with self._opened():
                return [path.name for path in self.path.iterdir() if _NAME.fullmatch(path.name)]
        except (OSError, AttributeError):
            return []

    def stamp(self) -> tuple[int, int] | None:
        """Differs when bells have come or gone; None when there is no directory."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def open_to_ring(self, name: str) -> int:
        """The pipe, to write to.

        Raises:
            OSError: its process is gone (ENXIO), it is gone (ENOENT), or it is no pipe.
            StoreError: the directory may hold what is not ours.
        """
        with self._opened() as directory:
            # Before it is opened, since opening a device may do something already.
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
    "Samovar keeps named pipes there, and uses only a directory that nobody can fill who may not "
    "write the log. Remove it, or move the log to a directory of its own"
)
_NOT_A_DIRECTORY = f"this is a link or no directory. {_MEND}."


def _foreign(directory: os.stat_result, log: os.stat_result) -> str | None:
    """Why somebody may have filled this directory who may not write the log; None if not."""
    if directory.st_uid not in (os.geteuid(), log.st_uid, 0):
        return f"the directory belongs to another user (uid {directory.st_uid})"
    open_to = directory.st_mode & ~log.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    other_group = directory.st_mode & stat.S_IWGRP and directory.st_gid != log.st_gid
    if open_to or other_group:
        return f"the directory is open to more users than the log (mode {directory.st_mode:o})"
    return None


def _mode(log: os.stat_result) -> int:
    """Everything for each class of users that may write the log, and nothing for the others."""
    return sum(0o7 << shift for shift in (6, 3, 0) if log.st_mode >> shift & 0o2)


def _check_pipe(status: os.stat_result) -> None:
    if not stat.S_ISFIFO(status.st_mode):
        raise OSError(errno.EINVAL, "is no named pipe")
