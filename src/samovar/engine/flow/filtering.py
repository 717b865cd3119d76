"""Stage admit: what the application itself has to say about a record."""

from __future__ import annotations

import math

from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.stages import ADMIT, Admission, Admit, Hold, Skip
from samovar.engine.routing.topic import Filter, FilterFactory
from samovar.errors import ArgumentError

#: No record is held for less, in seconds.
SHORTEST_SECONDS = 0.05


class Filtering:
    """One filter of the application as a stage; it is made when it is asked first."""

    def __init__(self, factory: FilterFactory, source: TopicPartition) -> None:
        self._factory = factory
        self._source = source
        self._filter: Filter | None = None

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        """The filter's answer.

        Raises:
            ArgumentError: it gave none.
        """
        if self._filter is None:
            self._filter = self._factory(*self._source)
        answer = self._filter.admit(record, now)
        if isinstance(answer, Admit):
            return ADMIT
        if isinstance(answer, Skip):
            return answer
        if isinstance(answer, Hold) and _is_time(answer.until):
            # What is over already would have it asked again and again, without a breath.
            return Hold(max(answer.until, now + SHORTEST_SECONDS))
        raise ArgumentError(
            f"{type(self._filter).__name__}.admit answered {answer!r:.80}; expected Admit(), "
            f"Skip('why') or Hold(until), from samovar, with a time in seconds since the epoch."
        )


def _is_time(until: object) -> bool:
    return isinstance(until, int | float) and not math.isnan(until)
