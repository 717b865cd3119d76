"""A stand-in for a database's transaction that enqueuing waits for."""

from __future__ import annotations

from collections.abc import Callable


class Transaction:
    """Watches as `samovar.watch_transactions` wants it; open until it commits or rolls back."""

    def __init__(self) -> None:
        self.is_open = True
        self._actions: list[Callable[[], None]] = []

    def watch(self, action: Callable[[], None]) -> bool:
        if self.is_open:
            self._actions.append(action)
        return self.is_open

    def commit(self) -> None:
        self.is_open = False
        actions, self._actions = self._actions, []
        for action in actions:
            action()

    def roll_back(self) -> None:
        self.is_open = False
        self._actions.clear()
