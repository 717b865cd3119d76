"""Prices go up, a few hundred products a job, and each product's once."""

from __future__ import annotations

import sqlite3

from samovar import Job, retry_on

from shop import transaction


@retry_on(sqlite3.OperationalError, wait=5, attempts=5)
class RaisePricesJob(Job):
    queue_as = "prices"

    def perform(self, first: int, last: int, *, percent: int) -> None:
        with transaction() as database:
            if self.was_done(database):
                return
            database.execute(
                "update products set price_cents = price_cents * (100 + ?) / 100 "
                "where id between ? and ?",
                (percent, first, last),
            )

    def was_done(self, database: sqlite3.Connection) -> bool:
        """Note this job as done, in the same transaction as its work; whether it was already."""
        noted = database.execute(
            "insert or ignore into finished_jobs values (?)", (self.job_id,)
        ).rowcount
        return not noted
