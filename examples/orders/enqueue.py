"""Enqueue what happened to these orders: python enqueue.py 1 2 3"""

import sys

from samovar import perform_all_later

from jobs import PayOrderJob, PlaceOrderJob, ShipOrderJob

for number in map(int, sys.argv[1:]):
    perform_all_later(PlaceOrderJob(number), PayOrderJob(number), ShipOrderJob(number))
