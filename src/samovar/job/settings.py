"""What holds for every job unless its class says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from samovar.errors import ArgumentError
from samovar.job.hashes import bare
from samovar.support.conversion import LARGEST, NOT_BLANK, Rule, at_least, between

_HOST_NAME = Rule(
    expected="of letters, digits and hyphens",
    holds=lambda value: value.isascii() and value.replace("-", "").isalnum(),
)

_ONE_OR_MORE = Rule(read=lambda value: (value,) if isinstance(value, str) else value)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """Settings of the job wing; in TOML they stand directly in the environment's section."""

    #: Queue of a class that names none.
    default_queue_name: Annotated[str, NOT_BLANK] = "default"
    #: Goes before every real queue name; blank or None adds nothing.
    queue_name_prefix: str | None = None
    #: Stands between prefix and name.
    queue_name_delimiter: str = "_"
    #: Real queue names by logical name; a name that is not listed is its own.
    queue_names: Mapping[str, Annotated[str, NOT_BLANK]] = field(default_factory=dict[str, str])
    #: Priority of a class that names none; the smallest number goes first.
    default_priority: Annotated[int, between(-LARGEST, LARGEST)] | None = None
    #: The application's name in global ids: ``gid://<global_id_app>/Order/7``.
    global_id_app: Annotated[str, _HOST_NAME] = "samovar"
    #: Whether enqueuing waits for open database transactions to commit.
    enqueue_after_transaction_commit: bool = False
    #: Queues, by the names used in code, whose jobs Ruby performs too ("*": all of them): arguments
    #: that only Python can read are refused there.
    ruby_queues: Annotated[tuple[str, ...], _ONE_OR_MORE] = ()
    #: Whether a tuple travels as a list and a UUID as text: Ruby reads that; so does Python, as
    #: a list and a str.
    portable_arguments: bool = False
    #: A datetime without time zone as an argument: "refuse" it, or take it to be in "utc".
    naive_datetimes: Literal["refuse", "utc"] = "refuse"
    #: Whether enqueuing refuses arguments that the job's `perform` does not take.
    check_arguments: bool = True
    #: How much of a retry's wait is left to chance: 0.15 adds up to 15 per cent.
    retry_jitter: Annotated[float, at_least(0)] = 0.15
    #: Whether log lines may show the arguments of jobs.
    log_arguments: bool = True
    #: Whether each job has log lines when it is enqueued, begins and ends (`samovar worker -v`).
    log_every_job: bool = False
    #: Whether those lines name the line of your code that enqueued; slow, for development.
    verbose_enqueue_logs: bool = False

    def real_queue(self, name: str, prefix: str | None = None, delimiter: str | None = None) -> str:
        """The queue that the backend knows, for the name used in code; a class may have a prefix
        and a delimiter of its own.
        """
        real = self.queue_names.get(name) or (name if name.__class__ is str else bare(name))
        prefix = self.queue_name_prefix if prefix is None else prefix
        if not prefix or not prefix.strip():
            return real
        delimiter = self.queue_name_delimiter if delimiter is None else delimiter
        return f"{prefix}{delimiter}{real}"

    def is_shared_with_ruby(self, queue: str | None) -> bool:
        """Whether Ruby performs jobs of this real queue too."""
        if "*" in self.ruby_queues:
            return True
        return queue in {self.real_queue(name) for name in self.ruby_queues}


def check_queue(name: Any, source: str) -> Any:
    """The name, if it is legal for a queue. `source` says where it was set.

    Raises:
        ArgumentError: it is no text, or none that can be written.
    """
    if not isinstance(name, str) or (not name.isascii() and not _is_writable(name)):
        raise ArgumentError(f"{source} is {name!r}; expected the name of a queue, as text.")
    return name


def _is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
