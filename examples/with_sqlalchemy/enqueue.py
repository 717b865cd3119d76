"""Two orders: one is placed, the other is thought better of."""

from jobs import ShipOrderJob
from orders import Order, Session

with Session() as session:
    order = Order()
    session.add(order)
    session.flush()  # now it has an id
    ShipOrderJob.perform_later(order)
    session.commit()  # and now the job is enqueued

with Session() as session:
    order = Order()
    session.add(order)
    session.flush()
    ShipOrderJob.perform_later(order)
    session.rollback()  # so this job never was
