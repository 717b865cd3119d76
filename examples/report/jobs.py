"""A month's orders, a line a customer, as a CSV file."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

from samovar import Job

from shop import connection

REPORTS = Path("reports")


class MonthlyReportJob(Job):
    queue_as = "reports"

    def perform(self, month: date) -> None:
        REPORTS.mkdir(exist_ok=True)
        report = REPORTS / f"{month:%Y-%m}.csv"
        unfinished = report.with_name(f"{report.name}.{self.job_id}")
        with unfinished.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["customer", "orders", "total"])
            rows.writerows(totals(month))
        unfinished.replace(report)


def totals(month: date) -> list[tuple[str, int, Decimal]]:
    with connection() as database:
        found = database.execute(
            "select customer, count(*), sum(amount_cents) from orders "
            "where strftime('%Y-%m', placed_on) = ? group by customer order by customer",
            (f"{month:%Y-%m}",),
        )
        return [(customer, orders, Decimal(cents) / 100) for customer, orders, cents in found]
