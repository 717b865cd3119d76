"""Jobs that have become too old are not performed."""

from __future__ import annotations

from samovar.broker.port import Record
from samovar.engine.flow.expiry import Expiry
from samovar.engine.flow.stages import ADMIT, Skip


def test_a_record_is_skipped_once_it_is_older_than_allowed() -> None:
    expiry = Expiry(60)
    record = Record(1, b"", timestamp=1_000_000)

    assert expiry.admit(record, 1_060.0, 0) == ADMIT
    assert expiry.admit(record, 1_060.1, 0) == Skip("older than 60 s")


def test_a_record_that_grew_old_while_it_was_retried_is_skipped_too() -> None:
    assert isinstance(Expiry(60).admit(Record(1, b"", timestamp=1_000), 100.0, 3), Skip)


def test_a_record_without_a_timestamp_never_expires() -> None:
    assert Expiry(60).admit(Record(1, b"", timestamp=-1), 1e9, 0) == ADMIT


def test_a_record_from_a_clock_that_runs_ahead_does_not_expire() -> None:
    assert Expiry(60).admit(Record(1, b"", timestamp=2_000_000), 1_000.0, 0) == ADMIT
