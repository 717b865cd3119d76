"""Where the file lies: which file a name leads to, and whether SQLite can keep a log there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from samovar.errors import StoreError


def real(path: Path) -> Path:
    """The file's own name, with no link in it: what lies beside the file hangs on that.

    Raises:
        StoreError: no file can have this name.
    """
    try:
        found = Path(os.path.realpath(path))
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            # The longest of the names that SQLite makes of it.
            os.lstat(f"{found}-journal")
    except (OSError, ValueError) as error:
        shown = str(path) if len(str(path)) < 100 else f"{str(path)[:100]}..."
        raise StoreError(
            f"{shown!r}: no file can have this path ({error.__class__.__name__}: "
            f"{getattr(error, 'strerror', None) or error}). Give the path of a file, such as "
            "/var/lib/shop/samovar.db."
        ) from error
    if not found.name:
        raise StoreError(f"{path}: this is a directory. Give the path of a file.")
    return found


def identity(path: str) -> tuple[int, int] | None:
    """Which file this is; None when there is none, or an empty one."""
    try:
        status = os.stat(path)  # noqa: PTH116 -- at half the cost
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_size else None


def make(path: Path) -> None:
    """Make an empty file if there is none, with the mode that the umask says (SQLite's own would
    never be open to a group).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))


def check(path: Path) -> None:
    """Whether SQLite can keep a log at `path`, which is a real name.

    Raises:
        StoreError: it cannot; the message says why and what to do.
    """
    directory = path.parent
    if not directory.is_dir():
        raise StoreError(
            f"{path}: there is no directory {directory}. Create it, or change the path."
        )
    if path.is_dir():
        raise StoreError(f"{path}: this is a directory. Give the path of a file.")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise StoreError(
            f"{path}: this user may not write in {directory}, where SQLite puts its -wal and -shm "
            "files. Grant that right, or change the path."
        )
    if not path.exists():
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise StoreError(
            f"{path}: the file is read-only for this user. Grant the right to write it."
        )
    _check_single(path)


def _check_single(path: Path) -> None:
    """Half of a log lies beside the file, under its name: so it must have one name only."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(f"{path}: this is no regular file. Give the path of a file.")
    if status.st_nlink > 1:
        raise StoreError(
            f"{path}: the file has {status.st_nlink} names (hard links), and SQLite damages a log "
            "that is used under two. Remove the other names, or use symbolic links instead."
        )
    if _is_mounted_alone(path):
        raise StoreError(
            f"{path}: the file alone is mounted there, without the -wal and -shm files that belong "
            "to it. Mount its directory instead."
        )


def _is_mounted_alone(path: Path) -> bool:
    written = str(path).translate({9: r"\011", 10: r"\012", 32: r"\040", 92: r"\134"})
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return False
    return f" {written} " in mounts
