"""Stage recover: wait, longer each time, and retry the same record."""

from __future__ import annotations

from samovar.engine.routing.recovery import Pause


def wait_seconds(pause: Pause, attempt: int) -> float:
    """Seconds to wait after the `attempt`-th failure in a row (counted from 1; 0 for the wait after
    the last one).
    """
    if not pause.exponential:
        return min(pause.timeout, pause.max_timeout)
    # The exponent is bounded: a declared topic without a dead letter queue retries for ever.
    return min(pause.timeout * 2.0 ** min(attempt, 64), pause.max_timeout)
