"""Open database transactions: jobs that must not be enqueued before those are committed.

A database library takes part through a watcher (`samovar.contrib` has those of Django and
SQLAlchemy): it is given what is to be done after the commit, and hands it to each transaction that
is open here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context

#: Given a function: lets each open transaction call it when it has committed, and forget it on a
#: rollback; answers how many are open (True counts as one).
Watcher = Callable[[Callable[[], None]], int]

#: Empty while no database library takes part.
watchers: list[Watcher] = []


def watch_transactions(watcher: Watcher) -> None:
    """Let a database library take part.

    `watcher` is given a function of no arguments. While a transaction is open it keeps the
    function until that commits (or drops it on a rollback) and returns True; else it returns False.
    """
    if watcher not in watchers:
        watchers.append(watcher)


def after_commit(action: Callable[[], object]) -> bool:
    """Do something once all transactions that are open now have committed, and never when one is
    rolled back; False when none is open. The caller's context variables are seen by it.
    """
    context = copy_context()

    def committed() -> None:
        nonlocal outstanding
        outstanding -= 1
        if not outstanding:
            context.run(action)

    outstanding = sum(watcher(committed) for watcher in watchers)
    return outstanding > 0
