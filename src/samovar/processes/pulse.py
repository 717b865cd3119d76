"""A child process shows its supervisor that it is alive, not only there."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from contextlib import suppress

from samovar.support import clock

#: The variable with the number of the pipe by which a child shows itself.
PULSE_VARIABLE = "SAMOVAR_INTERNAL_PULSE"
#: How often a child shows itself, in seconds.
BEAT_SECONDS = 5.0


class Pulse:
    """The child's end. A process without a supervisor shows itself to nobody."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        # Processes that jobs start must not take it for theirs: there it is another file's number.
        number = environ.pop(PULSE_VARIABLE, None)
        self._number = None if number is None else int(number)
        if self._number is not None:
            os.set_inheritable(self._number, False)
        self._due = 0.0

    def beat(self) -> None:
        """The main thread is well."""
        if self._number is not None and clock.monotonic() >= self._due:
            self._due = clock.monotonic() + BEAT_SECONDS
            with suppress(OSError):  # a job has closed it, or nobody listens any more
                os.write(self._number, b".")


class PulseReader:
    """The supervisor's end, for one child."""

    def __init__(self) -> None:
        self._number, self.childs_end = os.pipe()
        os.set_blocking(self._number, False)
        #: When the child was seen last, on the monotonic clock; None until it has shown itself.
        self._seen: float | None = None

    def child_has_it(self) -> None:
        """The child is started: this process does not need that end any more."""
        os.close(self.childs_end)

    @property
    def silence(self) -> float:
        """For how long the child has not shown itself, in seconds; 0 while it starts."""
        with suppress(BlockingIOError):
            if os.read(self._number, 4096):
                self._seen = clock.monotonic()
        return 0.0 if self._seen is None else clock.monotonic() - self._seen

    def close(self) -> None:
        """The child is gone."""
        os.close(self._number)
