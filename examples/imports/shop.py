"""The shop's database. `python shop.py` makes one without customers."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager

SCHEMA = "create table if not exists customers (email text primary key, name text)"


@contextmanager
def transaction() -> Generator[sqlite3.Connection]:
    """All or nothing."""
    database = sqlite3.connect("shop.db", timeout=30)
    with closing(database), database:
        yield database


if __name__ == "__main__":
    with transaction() as database:
        database.execute("pragma journal_mode = wal")  # readers and the import do not wait
        database.execute(SCHEMA)
