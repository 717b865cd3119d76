"""What stands in an example's database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def column(database: Path, table: str, name: str) -> list[Any]:
    """Every value of that column, in the order of the rows."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(f"select {name} from {table} order by id")
        return [value for (value,) in rows]
