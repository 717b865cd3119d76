"""Share groups need a newer client than all else; an older one is refused with the reason."""

from __future__ import annotations

import pytest

from samovar.broker.kafka import share_consumer
from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings
from samovar.broker.port import PLAIN
from samovar.errors import ConfigurationError


@pytest.fixture
def broker_with_an_old_client(monkeypatch: pytest.MonkeyPatch) -> KafkaBroker:
    monkeypatch.setattr(share_consumer, "Client", None)
    return KafkaBroker(KafkaSettings(bootstrap_servers="127.0.0.1:9"))


def test_a_route_that_asks_for_one_is_a_fault(broker_with_an_old_client: KafkaBroker):
    (fault,) = broker_with_an_old_client.consumer_faults(PLAIN, shares=True)

    assert "2.15" in fault
    assert broker_with_an_old_client.consumer_faults(PLAIN) == ()


def test_a_consumer_of_one_is_refused(broker_with_an_old_client: KafkaBroker):
    with pytest.raises(ConfigurationError, match=r"confluent-kafka 2\.15"):
        broker_with_an_old_client.share_consumer("g", PLAIN, 1)
