"""The suite of brokers, put together from its themes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samovar.broker.port import Broker
from samovar.testing.contracts.annotations import Annotations
from samovar.testing.contracts.atomicity import Atomicity
from samovar.testing.contracts.bench import Bench
from samovar.testing.contracts.direct import Direct
from samovar.testing.contracts.groups import Groups
from samovar.testing.contracts.looking import Looking
from samovar.testing.contracts.polling import Polling
from samovar.testing.contracts.positions import Positions
from samovar.testing.contracts.waiting import Waiting
from samovar.testing.contracts.writing import Writing


class BrokerContract(
    Writing, Atomicity, Waiting, Polling, Positions, Annotations, Groups, Direct, Looking
):
    """Subclass it in a test file, and let a fixture `broker` give the broker to be tested.

    Topics and groups have fresh names, so the broker may be shared with other tests.

    Example:
        class TestMyBroker(BrokerContract):
            @pytest.fixture
            def broker(self) -> Broker:
                return MyBroker("localhost")
    """

    @pytest.fixture
    def broker(self) -> Broker:
        raise NotImplementedError("Override the fixture `broker` to return the broker to test.")

    @pytest.fixture
    def bench(self, broker: Broker) -> Iterator[Bench]:
        bench = Bench(broker)
        yield bench
        bench.close()
