"""Jobs whose errors do harm where somebody reads, prints or asks them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from samovar import Job, retry_on
from tests.jobs.errands import is_first_run
from tests.support import journal


class UnreadableError(Exception):
    """No attribute that it lacks can be asked for."""

    def __getattr__(self, name: str) -> Any:
        raise KeyError(name)


class ClosedError(Exception):
    """No attribute at all can be read."""

    def __getattribute__(self, name: str) -> Any:
        raise KeyError(name)


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


class ExitingError(Exception):
    def __str__(self) -> str:
        sys.exit("the error ends the process")


class EmptyError(Exception):
    """Is false, as an empty list is."""

    def __bool__(self) -> bool:
        return False


class ShapelessError(Exception):
    """Claims a class that it has not."""

    @property
    def __class__(self) -> Any:
        raise LookupError("no class")


class SlottedError(Exception):
    __slots__ = ("code",)
    code: int

    def __str__(self) -> str:
        return f"code {self.code}"


class EndlessError(Exception):
    def __str__(self) -> str:
        return str(self)


def _shouting() -> Exception:
    return ValueError("x" * 5_000_000)


def _forging() -> Exception:
    return ValueError("\n2026-01-01 00:00:00,000 1 INFO The worker has stopped.\x1b[2J")


def _looping() -> Exception:
    error = ValueError("its own cause")
    error.__cause__ = error
    return error


#: Kind -> what makes such an error.
HOSTILE: dict[str, Callable[[], BaseException]] = {
    "unreadable": UnreadableError,
    "closed": ClosedError,
    "speechless": SpeechlessError,
    "exiting": ExitingError,
    "empty": EmptyError,
    "shapeless": ShapelessError,
    "slotted": SlottedError,
    "endless": EndlessError,
    "shouting": _shouting,
    "forging": _forging,
    "looping": _looping,
}


class HostileErrorJob(Job):
    """Fails at its first run with an error that does harm."""

    def perform(self, number: int, kind: str) -> None:
        journal.write("start", number)
        if is_first_run(number):
            raise HOSTILE[kind]()
        journal.write("done", number)


@retry_on(SpeechlessError, UnreadableError, ClosedError, EmptyError, wait=0, jitter=0, attempts=2)
class GivingUpJob(Job):
    """Fails whenever it is performed, and is not to be tried more than twice."""

    def perform(self, number: int, kind: str) -> None:
        journal.write("start", number)
        raise HOSTILE[kind]()
