"""The log in one SQLite file: see `samovar.broker.embedded.broker.EmbeddedBroker`."""

from samovar.broker.embedded.broker import EmbeddedBroker

__all__ = ["EmbeddedBroker"]
