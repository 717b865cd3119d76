"""What is committed beside a position, as a text: which offsets beyond it are finished already, how
often others were begun, and whether the partition was left in order.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from samovar.engine.partitions.underway import Run

#: How a note begins: whose it is, and which version.
_MARK = "samovar/1"
#: Bytes that the finished offsets may take, once they are text.
FINISHED_BYTES = 3900


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitMetadata:
    """What one owner of a partition leaves for the next one."""

    #: Finished beyond the position, in order, with gaps between them.
    finished: tuple[Run, ...] = ()
    #: How often records were begun whose end nobody saw, by offset.
    begun: Mapping[int, int] = field(default_factory=dict[int, int])
    #: Whether the partition was left in order. Nobody who works on it says so.
    is_clean: bool = False

    def encode(self) -> str:
        """As a text; an empty note is an empty text. What does not fit is left out: the highest
        offsets, whose jobs may then be repeated.
        """
        parts = [_MARK]
        if self.finished:
            parts.append(f"f={_encode_runs(self.finished)}")
        if self.begun:
            parts.append(f"d={','.join(f'{o}:{n}' for o, n in sorted(self.begun.items()))}")
        if self.is_clean:
            parts.append("c=1")
        return " ".join(parts) if len(parts) > 1 else ""

    @classmethod
    def decode(cls, text: str) -> CommitMetadata:
        """Read a text. One that is none of ours, or of a version unknown here, says nothing."""
        mark, *parts = text.split(" ")
        if mark != _MARK:
            return cls()
        fields = {name: value for name, _, value in (part.partition("=") for part in parts)}
        try:
            return cls(
                finished=tuple(_decode_runs(fields.get("f", ""))),
                begun=dict(_decode_counts(fields.get("d", ""))),
                is_clean=fields.get("c") == "1",
            )
        except (ValueError, IndexError, binascii.Error):
            return cls()


def _encode_runs(runs: Iterable[Run]) -> str:
    """Distances, each in as few bytes as it needs: where a run begins, counted from the end of the
    one before, and how long it is.
    """
    data, end = bytearray(), 0
    for first, last in runs:
        piece = _varint(first - end) + _varint(last - first)
        if (len(data) + len(piece)) * 4 > FINISHED_BYTES * 3:
            break
        data += piece
        end = last + 1
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode_runs(text: str) -> Iterator[Run]:
    data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    numbers, end = _numbers(data), 0
    for distance in numbers:
        first = end + distance
        end = first + next(numbers, -1) + 1
        if end <= first:
            raise ValueError("The last run has no length.")
        yield first, end - 1


def _decode_counts(text: str) -> Iterator[tuple[int, int]]:
    for pair in text.split(",") if text else ():
        offset, count = pair.split(":")
        yield int(offset), int(count)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("The last number is cut off.")
