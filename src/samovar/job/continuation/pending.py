"""class PendingStep: what `self.step(...)` gives for a coroutine function."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any


class PendingStep(Coroutine[Any, Any, None]):
    """A coroutine step that runs when it is awaited."""

    def __init__(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.name = name
        self._run = run
        self._coroutine: Coroutine[Any, Any, None] | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._begun().__await__()

    def send(self, value: Any, /) -> Any:
        """Go on to where it is suspended next."""
        return self._begun().send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where it is suspended."""
        return self._begun().throw(*error)

    def close(self) -> None:
        """End it where it is; one that never began stays so."""
        if self._coroutine is not None:
            self._coroutine.close()

    def _begun(self) -> Coroutine[Any, Any, None]:
        if self._coroutine is None:
            self._coroutine = self._run()
        return self._coroutine
