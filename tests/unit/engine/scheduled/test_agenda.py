"""An agenda keeps one record for each key, and gives out what is due in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.port import Record
from samovar.engine.scheduled import agenda as module
from samovar.engine.scheduled.agenda import Agenda


@pytest.fixture
def agenda() -> Iterator[Agenda]:
    agenda = Agenda()
    yield agenda
    agenda.close()


def record(offset: int, key: bytes, value: bytes = b"v") -> Record:
    return Record(offset, value, key, (("h", b"\xff"),), 5)


def test_what_is_due_comes_in_the_order_of_its_times_and_then_as_it_was_written(
    agenda: Agenda,
) -> None:
    for offset, epoch in enumerate([30, 10, 20, 10]):
        agenda.add(record(offset, b"%d" % offset), epoch)

    assert [e.record.offset for e in agenda.due(20, 10)] == [1, 3, 2]
    assert [e.epoch for e in agenda.due(20, 2)] == [10, 10]
    assert agenda.due(9, 10) == []
    assert agenda.due(10, 1)[0].record == record(1, b"1")
    assert (agenda.next_epoch, agenda.first_offset, len(agenda)) == (10, 0, 4)


def test_the_last_record_of_a_key_counts_whatever_its_time(agenda: Agenda) -> None:
    agenda.add(record(0, b"k"), 10)
    agenda.add(record(1, b"k"), 99)

    assert agenda.due(50, 10) == []
    assert (agenda.first_offset, agenda.next_epoch) == (1, 99)


def test_what_is_removed_or_has_left_is_gone(agenda: Agenda) -> None:
    with agenda.changing():
        agenda.add(record(0, b"a"), 10)
        agenda.add(record(1, b"b"), 10)
    assert agenda.remove(b"a") is True
    assert agenda.remove(b"a") is False

    agenda.drop(agenda.due(10, 10))

    assert (len(agenda), agenda.next_epoch, agenda.first_offset) == (0, None, None)


def test_large_values_come_a_handful_at_a_time(
    agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DUE_BYTES", 250)
    for offset in range(9):
        agenda.add(record(offset, b"%d" % offset, b"x" * 100), 1)

    assert len(agenda.due(1, 100)) == 3


def test_a_time_that_no_clock_reaches_waits_for_ever(agenda: Agenda) -> None:
    agenda.add(record(0, b"k"), 10**30)

    assert agenda.due(2**62, 1) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9) | st.none()), max_size=30))
def test_it_holds_what_a_dictionary_would(steps: list[tuple[int, int | None]]) -> None:
    agenda, model = Agenda(), dict[int, tuple[int, int]]()
    for offset, (key, epoch) in enumerate(steps):
        if epoch is None:
            assert agenda.remove(b"%d" % key) == (model.pop(key, None) is not None)
        else:
            agenda.add(record(offset, b"%d" % key), epoch)
            model[key] = (epoch, offset)

    assert [(e.epoch, e.record.offset) for e in agenda.due(9, 99)] == sorted(model.values())
    assert agenda.first_offset == min((o for _, o in model.values()), default=None)
    agenda.close()


def test_a_time_before_all_others_is_due_at_once(agenda: Agenda) -> None:
    agenda.add(record(0, b"a"), -(10**30))

    assert [e.record.offset for e in agenda.due(1, 10)] == [0]


def test_a_header_without_a_value_waits_as_it_is(agenda: Agenda) -> None:
    headers: Any = (("user", None),)
    agenda.add(Record(0, b"v", b"a", headers), 1)

    assert agenda.due(1, 1)[0].record.headers == headers
