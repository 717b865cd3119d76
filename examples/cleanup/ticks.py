"""Who does the work of which tick: one job each, whoever asks first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

SCHEMA = "create table if not exists ticks (tick text primary key, job_id text) without rowid"


def claim(tick: datetime, job_id: str) -> bool:
    """Whether the tick is this job's, be it since an earlier run of the same job."""
    time = tick.isoformat()
    database = sqlite3.connect("ticks.db", timeout=30)
    with closing(database), database:
        database.execute(SCHEMA)
        database.execute("insert or ignore into ticks values (?, ?)", (time, job_id))
        row = database.execute("select job_id from ticks where tick = ?", (time,)).fetchone()
    return row == (job_id,)
