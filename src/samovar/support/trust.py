"""Whether a file that nobody named may decide what this process does.

Settings name modules to import and libraries to load. A file that is merely found, in a directory
above the working one, may be somebody else's: in a shared directory anyone can put one there.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path


def distrust(path: Path, opened: os.stat_result) -> str | None:
    """Why a file that was found must not count, after "it ..."; None is no reason.

    Args:
        path: Where it was found; a link there must be trusted too.
        opened: What `os.fstat` says of the open file, which nobody can exchange any more.
    """
    for status in (opened, path.lstat()):
        if status.st_uid not in _trusted_users():
            return f"belongs to the user {_user(status.st_uid)}"
    if opened.st_mode & stat.S_IWOTH:
        return "can be written by every user"
    if opened.st_mode & stat.S_IWGRP and not _is_private(opened.st_uid, opened.st_gid):
        return f"can be written by the group {_group(opened.st_gid)}"
    return None


def others_may_write(directory: Path) -> bool:
    """Whether every user can put a file into the directory."""
    try:
        return bool(directory.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return True


def _trusted_users() -> set[int]:
    ours = {0, os.geteuid()}
    sudo = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and sudo.isascii() and sudo.isdigit():
        ours.add(int(sudo))  # who became root for this command
    return ours


def _is_private(user: int, group: int) -> bool:
    """Whether the group is its user's own, as where files are made with the umask 002."""
    try:
        owner = pwd.getpwuid(user)
        members = set(grp.getgrgid(group).gr_mem)
    except KeyError:
        return False
    return owner.pw_gid == group and members <= {owner.pw_name}


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
