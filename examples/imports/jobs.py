"""Customers from a CSV file into the database, in steps that a deploy may interrupt."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

from samovar import Continuable, Job, Step, discard_on

from shop import transaction

BATCH = 100


class WrongColumnsError(Exception):
    """The file is not a list of customers."""


@discard_on(WrongColumnsError)
class ImportCustomersJob(Continuable, Job):
    queue_as = "imports"
    resume_options = {"wait": 0}

    def perform(self, file: Path) -> None:
        self.file = file  # outside of steps: done in every run
        self.step(self.validate)
        self.step(self.load, start=0)
        self.step(self.report)

    def validate(self) -> None:
        with self.file.open(newline="") as file:
            columns = next(csv.reader(file), None)
        if columns != ["email", "name"]:
            raise WrongColumnsError(f"{self.file.name} has the columns {columns}")

    def load(self, step: Step) -> None:
        """The cursor is the number of rows that are in the database."""
        with self.file.open(newline="") as file:
            rows = islice(csv.reader(file), 1 + step.cursor, None)
            while batch := list(islice(rows, BATCH)):
                with transaction() as database:
                    # "or ignore": after a `kill -9` some rows come again.
                    database.executemany("insert or ignore into customers values (?, ?)", batch)
                step.set(step.cursor + len(batch))

    def report(self) -> None:
        with transaction() as database:
            (customers,) = database.execute("select count(*) from customers").fetchone()
        summary = f"{customers} customers after {self.executions} runs\n"
        self.file.with_suffix(".done").write_text(summary)
