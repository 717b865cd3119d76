"""Raise all prices by ten percent: one job for 500 products, all enqueued in one call."""

from jobs import RaisePricesJob
from shop import transaction

BATCH = 500

with transaction() as database:
    (last_id,) = database.execute("select max(id) from products").fetchone()

jobs = RaisePricesJob.perform_bulk(
    {"arguments": [first, first + BATCH - 1], "keyword_arguments": {"percent": 10}}
    for first in range(1, last_id + 1, BATCH)
)
print("enqueued", len(jobs))
