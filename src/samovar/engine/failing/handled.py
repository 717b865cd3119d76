"""Which dead letters of a partition are dealt with, as one commit that remembers it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from samovar.broker.port import METADATA_BYTES, Commit

#: The form of that text, before its colon.
VERSION = "d1"


@dataclass(frozen=True, slots=True)
class Done:
    """Everything below `position`, and these offsets from there on."""

    position: int = 0
    beyond: frozenset[int] = frozenset()

    def __contains__(self, offset: int) -> bool:
        return offset < self.position or offset in self.beyond

    def plus(self, offsets: Iterable[int], *, first_open: int) -> Done:
        """These too. `first_open` is the first offset that is not done after that; what lies
        below it needs no note.
        """
        position = max(self.position, first_open)
        beyond = frozenset(o for o in (*self.beyond, *offsets) if o >= position)
        return Done(position, beyond)

    def commit(self) -> Commit:
        """The commit: the offsets beyond as runs, each told by its distance from the one before
        and, if it is longer than one, its length.
        """
        told: list[str] = []
        behind = self.position
        for first, count in _runs(sorted(self.beyond)):
            told.append(f"{first - behind:x}" + (f"+{count:x}" if count > 1 else ""))
            behind = first + count
        return Commit(self.position, f"{VERSION}:{','.join(told)}" if told else "")

    @property
    def fits(self) -> bool:
        """Whether a commit can tell it."""
        return len(self.commit().metadata) <= METADATA_BYTES


def read(commit: Commit | None) -> Done:
    """What a commit told. A text that is none of ours tells nothing: nothing is lost by that."""
    if commit is None:
        return Done()
    version, _, text = commit.metadata.partition(":")
    if version != VERSION:
        return Done(commit.position)
    beyond: set[int] = set()
    behind = commit.position
    try:
        for run in text.split(","):
            distance, _, count = run.partition("+")
            first = behind + int(distance, 16)
            behind = first + (int(count, 16) if count else 1)
            beyond.update(range(first, behind))
    except ValueError:
        return Done(commit.position)
    return Done(commit.position, frozenset(beyond))


def _runs(offsets: list[int]) -> Iterator[tuple[int, int]]:
    """Of ascending offsets: the first of each unbroken run, and how many it has."""
    first = count = 0
    for offset in offsets:
        if count and offset == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = offset, 1
    if count:
        yield first, count
