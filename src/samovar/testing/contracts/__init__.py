"""The suite that every broker has to pass, Samovar's own and other people's; needs pytest."""

from samovar.testing.contracts.broker import BrokerContract

__all__ = ["BrokerContract"]
