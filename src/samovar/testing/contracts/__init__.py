"""The suites that every backend has to pass, Samovar's own and other people's; needs pytest."""

from samovar.testing.contracts.broker import BrokerContract
from samovar.testing.contracts.inspector import InspectorContract
from samovar.testing.contracts.ledger import LedgerContract
from samovar.testing.contracts.queue_adapter import QueueAdapterContract

__all__ = ["BrokerContract", "InspectorContract", "LedgerContract", "QueueAdapterContract"]
