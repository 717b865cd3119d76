"""The embedded broker: a log in one file, for all processes of one machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from samovar.broker.embedded.admin import NO_SHARE_GROUPS, EmbeddedAdmin
from samovar.broker.embedded.atomic import EmbeddedAtomicProducer
from samovar.broker.embedded.consumer import EmbeddedConsumer
from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.embedded.settings import EmbeddedSettings
from samovar.broker.embedded.store import Store
from samovar.broker.port import NO_CONFIG, PLAIN, ConsumerOptions, ShareConsumer, Traits
from samovar.errors import ArgumentError, ConfigurationError


class EmbeddedBroker:
    """Topics, records, positions and group membership in one SQLite file.

    Example:
        broker = EmbeddedBroker("/var/lib/shop/jobs.samovar")
        broker.admin().create_topics([TopicSpec(name="mail", partitions=4)])
        broker.producer().produce(NewRecord("mail", b"..."))

    What is produced is stored when the call returns. With ``synchronous="full"`` it then survives
    the death of the process, a crash of the operating system and a loss of power; each call waits
    for the disk. With ``"normal"`` calls do not wait: records survive the death of any process
    (``kill -9`` too), but a crash of the operating system or a loss of power may cost those of the
    last moments. Neither can damage the file. Committed positions are written the second way, and
    with "full" are on the disk after `commit_interval`: a loss of power makes jobs of that time
    run again.

    Beside the file lie ``-wal`` and ``-shm`` (SQLite's; part of the data, move all together) and
    the directory ``-bells`` (named pipes; may go when no process runs). The file must lie on a
    disk of the machine itself, not on a network share.

    Records that every group has finished are deleted, and their space used again. A group counts
    for as long as its positions are kept: drop those of one that is no more with
    ``admin().forget_group(name)``.
    """

    traits = Traits(schedules=True, has_groups=True, has_share_groups=False)

    def __init__(
        self,
        path: str | Path,
        *,
        synchronous: Literal["full", "normal"] = "full",
        commit_interval: float = 1.0,
        lease: float = 2.5,
    ) -> None:
        """Remember the settings; the file is opened, and made if need be, when it is used.

        Args:
            path: where the file is or shall be.
            synchronous: what a stored record survives.
            commit_interval: seconds until a committed position is on the disk (with "full"), and
                until what all groups have finished is deleted. Positions that are stored are
                committed within 20 ms, so that they survive the death of the process.
            lease: a member that has not polled for so many seconds loses its partitions. One
                whose process ends loses them at once.
        """
        if synchronous not in ("full", "normal"):
            raise ArgumentError(f"synchronous is 'full' or 'normal', not {synchronous!r}.")
        self._path = Path(path).absolute()
        self._synchronous = synchronous
        self._commit_interval = commit_interval
        self._lease = lease

    def producer(
        self, *, patient: bool = False, topic_config: Mapping[str, Any] = NO_CONFIG
    ) -> EmbeddedProducer:
        """A new producer. Here all records are sent alike, whatever `topic_config` says."""
        return EmbeddedProducer(Store(self._path, synchronous=self._synchronous))

    def atomic_producer(self, name: str, *, patience: float = 60.0) -> EmbeddedAtomicProducer:
        """A new producer of that name; it fences earlier ones when it first writes. What a killed
        process has begun is undone at once here.
        """
        return EmbeddedAtomicProducer(Store(self._path, synchronous=self._synchronous), name)

    def consumer(self, group: str, options: ConsumerOptions = PLAIN) -> EmbeddedConsumer:
        """A new member for `group`; it joins when it first polls. Of the options only
        `initial_offset` means something here."""
        return EmbeddedConsumer(
            Store(self._path, synchronous="normal"),
            group,
            commit_interval=self._commit_interval,
            lease=self._lease,
            begins_at_end=options.initial_offset == "latest",
            is_durable=self._synchronous == "full",
        )

    def share_consumer(self, group: str, options: ConsumerOptions, records: int) -> ShareConsumer:
        """Refused: there are no share groups here."""
        raise ConfigurationError(NO_SHARE_GROUPS)

    def consumer_faults(self, options: ConsumerOptions, *, shares: bool = False) -> Sequence[str]:
        """What is meant for another client is passed over; share groups there are none."""
        return (NO_SHARE_GROUPS,) if shares else ()

    def admin(self) -> EmbeddedAdmin:
        """A new admin."""
        return EmbeddedAdmin(Store(self._path, synchronous=self._synchronous))


def open_broker(settings: EmbeddedSettings, *, commit_interval: float | None) -> EmbeddedBroker:
    """The broker of these settings."""
    return EmbeddedBroker(
        settings.path, synchronous=settings.synchronous, commit_interval=commit_interval or 1.0
    )
