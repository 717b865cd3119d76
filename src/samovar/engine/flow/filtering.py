"""Stage admit: what the application itself has to say about a record."""

from __future__ import annotations

from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.stages import ADMIT, Admission, Admit, Hold, Skip
from samovar.engine.routing.topic import Filter, FilterFactory
from samovar.errors import ArgumentError


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
        if isinstance(answer, Skip | Hold):
            return answer
        raise ArgumentError(
            f"{type(self._filter).__name__}.admit answered {answer!r:.80}; expected Admit(), "
            f"Skip('why') or Hold(until), from samovar."
        )
