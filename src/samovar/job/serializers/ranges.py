"""Ruby's range: from one value to another, the last one with it or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """`Range(1, 5)` is 1 to 5; None leaves an end open. Over integers it is iterable.

    ``Range(1, 5, exclude_end=True)`` equals ``range(1, 5)``.
    """

    begin: Any
    end: Any
    exclude_end: bool = False

    def __contains__(self, value: Any) -> bool:
        if self.begin is not None and value < self.begin:
            return False
        return self.end is None or (value < self.end if self.exclude_end else value <= self.end)

    def __iter__(self) -> Iterator[int]:
        if (numbers := self._numbers()) is None:
            raise TypeError(f"{self!r} cannot be counted through: its ends are no integers")
        return iter(numbers)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, range):
            return self._ends() == (other.start, other.stop, True) and other.step == 1
        if isinstance(other, Range):
            return self._ends() == other._ends()
        return NotImplemented

    def __hash__(self) -> int:
        numbers = self._numbers() if self.exclude_end else None
        return hash(self._ends()) if numbers is None else hash(numbers)

    def _ends(self) -> tuple[Any, ...]:
        return self.begin, self.end, self.exclude_end

    def _numbers(self) -> range | None:
        if type(self.begin) is int and type(self.end) is int:
            return range(self.begin, self.end + (not self.exclude_end))
        return None
