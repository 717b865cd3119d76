"""What a broker can do is known without a connection or a file."""

from __future__ import annotations

from pathlib import Path

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings


def test_the_embedded_log_keeps_records_until_they_are_due(tmp_path: Path) -> None:
    traits = EmbeddedBroker(tmp_path / "log.db").traits

    assert (traits.schedules, traits.has_groups, traits.has_share_groups) == (True, True, False)
    assert list(tmp_path.iterdir()) == []


def test_kafka_has_groups_and_keeps_nothing_until_it_is_due() -> None:
    traits = KafkaBroker(KafkaSettings()).traits

    assert (traits.schedules, traits.has_groups) == (False, True)
