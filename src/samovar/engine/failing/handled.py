"""Which dead jobs of a partition are handled, kept as one commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from samovar.broker.port import METADATA_BYTES, Commit

#: How the commit metadata begins, before the colon: its version.
VERSION = "d1"


@dataclass(frozen=True, slots=True)
class Done:
    """Handled: every offset below `position`, and the offsets in `beyond`."""

    position: int = 0
    beyond: frozenset[int] = frozenset()

    def __contains__(self, offset: int) -> bool:
        return offset < self.position or offset in self.beyond

    def plus(self, offsets: Iterable[int], *, first_open: int) -> Done:
        """With these offsets too. `first_open` is the first offset that is not handled then; the
        offsets below it need no entry of their own.
        """
        position = max(self.position, first_open)
        beyond = frozenset(o for o in (*self.beyond, *offsets) if o >= position)
        return Done(position, beyond)

    def commit(self) -> Commit:
        """The commit: its metadata lists the offsets beyond as runs, each by its distance from
        the end of the run before and, if it is longer than one, its length.
        """
        runs: list[str] = []
        end = self.position
        for first, count in _runs(sorted(self.beyond)):
            runs.append(f"{first - end:x}" + (f"+{count:x}" if count > 1 else ""))
            end = first + count
        return Commit(self.position, f"{VERSION}:{','.join(runs)}" if runs else "")

    @property
    def fits(self) -> bool:
        """Whether the metadata is short enough for a commit."""
        return len(self.commit().metadata) <= METADATA_BYTES


def read(commit: Commit | None) -> Done:
    """What a commit says. Metadata that is not ours is ignored: jobs are then listed again."""
    if commit is None:
        return Done()
    version, _, text = commit.metadata.partition(":")
    if version != VERSION:
        return Done(commit.position)
    beyond: set[int] = set()
    end = commit.position
    try:
        for run in text.split(","):
            distance, _, count = run.partition("+")
            first = end + int(distance, 16)
            end = first + (int(count, 16) if count else 1)
            beyond.update(range(first, end))
    except ValueError:
        return Done(commit.position)
    return Done(commit.position, frozenset(beyond))


def _runs(offsets: list[int]) -> Iterator[tuple[int, int]]:
    """Of ascending offsets: the first offset of each unbroken run, and the run's length."""
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
