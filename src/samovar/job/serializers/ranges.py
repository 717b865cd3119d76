"""Ruby's range: from one value to another, the last one with it or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """`Range(1, 5)` is 1 to 5; None leaves an end open. `value in it` works with all that compares.

    From one whole number to another it can be iterated over and has a length, as a `range`;
    any other raises TypeError there. ``Range(1, 5, exclude_end=True)`` equals ``range(1, 5)``.
    """

    begin: Any
    end: Any
    exclude_end: bool = False

    def __contains__(self, value: Any) -> bool:
        try:
            if self.begin is not None and value < self.begin:
                return False
            if self.end is None:
                return True
            return bool(value < self.end if self.exclude_end else value <= self.end)
        except TypeError as error:
            raise TypeError(f"{value!r} does not compare with the ends of {self!r}") from error

    def __iter__(self) -> Iterator[int]:
        return iter(self._counted())

    def __len__(self) -> int:
        return len(self._counted())

    def __bool__(self) -> bool:
        """Whether something may lie in it: as for `range`, an empty one is false."""
        numbers = self._numbers()
        return numbers is None or bool(numbers)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, range):
            return self._ends() == (other.start, other.stop, True) and other.step == 1
        if isinstance(other, Range):
            return self._ends() == other._ends()
        return NotImplemented

    def __hash__(self) -> int:
        numbers = self._numbers() if self.exclude_end else None
        return hash(self._ends()) if numbers is None else hash(numbers)

    def _counted(self) -> range:
        numbers = self._numbers()
        if numbers is None:
            raise TypeError(f"{self!r} cannot be counted through: its ends are no integers")
        return numbers

    def _ends(self) -> tuple[Any, ...]:
        return self.begin, self.end, self.exclude_end

    def _numbers(self) -> range | None:
        if type(self.begin) is int and type(self.end) is int:
            return range(self.begin, self.end + (not self.exclude_end))
        return None
