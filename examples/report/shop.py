"""The shop's database. `python shop.py` makes one with orders of two months."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import date, timedelta

SCHEMA = """
create table if not exists orders (customer text, placed_on text, amount_cents integer);
"""


@contextmanager
def connection() -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect("shop.db")) as database, database:
        yield database


def fill() -> None:
    names = ("Ada", "Grace", "Hypatia")
    first = date(2026, 9, 1)
    with connection() as database:
        database.executescript(SCHEMA)
        database.executemany(
            "insert into orders values (?, ?, ?)",
            [
                (names[day % 3], (first + timedelta(days=day)).isoformat(), 1_000 + day)
                for day in range(61)
            ],
        )


if __name__ == "__main__":
    fill()
