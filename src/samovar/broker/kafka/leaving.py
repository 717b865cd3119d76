"""How a member leaves its group: in any state of the group, and in time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from confluent_kafka import Consumer as Client

from samovar.errors import BrokerError, BrokerUnavailableError
from samovar.support import clock

#: Longest single wait inside librdkafka, in seconds.
SLICE_SECONDS = 0.02
#: How long to wait for the answer to a first request to join, in seconds.
ANSWER_SECONDS = 1.0


def leave(client: Client, *, stranger: object, is_classic: bool, until: float) -> None:
    """Leave the group. `close` alone leaves it only for a member that holds partitions, in a group
    at rest: the ghost of any other one would hold up the next rebalance until its session is over.

    A `stranger` is what the membership looked like before the client joined. As long as it looks
    like that the brokers may know the client all the same, by a request that they have not answered
    yet, and who has no name cannot leave: so the answer is awaited.
    """
    known_by = min(until, clock.monotonic() + ANSWER_SECONDS)
    if _poll_until(lambda: client.consumer_group_metadata() != stranger, client, known_by):
        client.unsubscribe()
        # In the midst of a rebalance librdkafka first sees it through. Then it drops its name, or,
        # in the new protocol, where it keeps its name, its partitions.
        has_left = (
            (lambda: not client.memberid()) if is_classic else lambda: not client.assignment()
        )
        _poll_until(has_left, client, until)


def _poll_until(condition: Callable[[], bool], client: Client, until: float) -> bool:
    while not (holds := condition()) and clock.monotonic() < until:
        client.poll(SLICE_SECONDS)
    return holds


def run_until(until: float, action: Callable[[], object]) -> bool:
    """Run it in a thread of its own; False when it has not ended in time, and goes on alone.

    Raises:
        BaseException: whatever it raised in time.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="samovar-leaving", daemon=True)
    thread.start()
    thread.join(max(0.0, until - clock.monotonic()))
    if raised:
        raise raised[0]
    return not thread.is_alive()


def too_late(group: str, seconds: float) -> BrokerError:
    return BrokerUnavailableError(
        f"Leaving the group {group!r} took longer than {seconds:.1f} s: a rebalance is "
        f"running, or the broker is away. What ended since the last commit may be performed again."
    )
