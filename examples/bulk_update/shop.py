"""The shop's database. `python shop.py 5000` makes one with 5,000 products."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager

SCHEMA = """
create table if not exists products (id integer primary key, price_cents integer not null);
create table if not exists finished_jobs (job_id text primary key) without rowid;
"""


@contextmanager
def transaction() -> Generator[sqlite3.Connection]:
    """All or nothing."""
    database = sqlite3.connect("shop.db", timeout=30, isolation_level="IMMEDIATE")
    with closing(database), database:
        yield database


def fill(products: int) -> None:
    with transaction() as database:
        database.execute("pragma journal_mode = wal")
        database.executescript(SCHEMA)
        rows = [(number, 1_000) for number in range(1, products + 1)]
        database.executemany("insert or ignore into products values (?, ?)", rows)


if __name__ == "__main__":
    fill(int(sys.argv[1]))
