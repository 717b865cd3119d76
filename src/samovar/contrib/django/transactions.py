"""Open transactions of Django's connections, for jobs that wait for the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction


def watch(action: Callable[[], None]) -> int:
    """Let each transaction that is open in this thread call `action` when it has committed; how
    many there are.
    """
    is_open = [one for one in connections.all(initialized_only=True) if _is_in_transaction(one)]
    for connection in is_open:
        transaction.on_commit(action, using=connection.alias)
    return len(is_open)


def _is_in_transaction(connection: Any) -> bool:
    # The blocks that TestCase wraps around a test never commit, and are nobody's transaction.
    return connection.in_atomic_block and not all(
        getattr(block, "_from_testcase", False) for block in connection.atomic_blocks
    )
