"""No job before its record has a certain age."""

from __future__ import annotations

from samovar.broker.port import Record
from samovar.engine.flow.delaying import Delaying
from samovar.engine.flow.stages import ADMIT, Hold


def test_a_young_record_is_held_until_it_is_old_enough_and_no_longer() -> None:
    delaying = Delaying(60)
    record = Record(1, b"", timestamp=1_000_500)

    assert delaying.admit(record, 1_000.6, 0) == Hold(1_060.5)
    assert delaying.admit(record, 1_060.4, 0) == Hold(1_060.5)
    assert delaying.admit(record, 1_060.5, 0) == ADMIT


def test_a_record_without_a_timestamp_is_not_delayed() -> None:
    assert Delaying(60).admit(Record(1, b"", timestamp=-1), 1e9, 0) == ADMIT
