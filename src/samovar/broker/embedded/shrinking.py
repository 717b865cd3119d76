"""Gives back to the disk what deleted records have left free in the file.

SQLite uses free pages again, so a file does not grow while as much is deleted as is written; but
by itself it never shrinks after a large backlog.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from samovar.broker.embedded.store import Store

#: Free pages (of 4 KB) that are worth the work.
MIN_FREE_PAGES = 4096
#: Pages in use with which it takes well under a second. Writers wait that long.
MAX_USED_PAGES = 8192


def shrink(store: Store) -> bool:
    """Copy what is in use to the front of the file, and cut off the rest, if most of it is free and
    little is in use; whether that was done.
    """
    with store.holding() as file, file.reading() as connection:
        pages, free = connection.execute(
            "SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count"
        ).fetchone()
        used = pages - free
        if free < max(MIN_FREE_PAGES, used) or used > MAX_USED_PAGES:
            return False
        with suppress(sqlite3.OperationalError):  # others are writing, or the disk is full
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return True
    return False
