"""The demo's jobs, as an application would write them: count a module, write the report."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from pathlib import Path
from typing import Any

from samovar import Job, discard_on, retry_on
from samovar.demo.outcomes import Counts, Outcome, Outcomes
from samovar.demo.report import report_of

#: One queue for both: a Kafka consumer group shares out the partitions of all its topics together,
#: and with two topics of the same size each worker might be given one of them.
QUEUE = "sources"


def note_discarded(job: CountModuleJob, error: BaseException) -> None:
    """A discarded job is accounted for too."""
    module, path, _ = job.arguments
    reason = f"{type(error).__name__}: {error}".replace(path, module)
    job.outcome(discarded=reason).append_to(job.results)


@retry_on(UnicodeDecodeError, wait=0, jitter=0, attempts=2, exhausted=note_discarded)
@retry_on(OSError, wait=0, jitter=0, attempts=3, exhausted=note_discarded)
@discard_on(
    SyntaxError,
    ValueError,  # null bytes, in older Pythons
    tokenize.TokenError,
    RecursionError,
    MemoryError,
    then=note_discarded,
)
class CountModuleJob(Job):
    """Counts what is in one source file. `results` is where its outcome is noted."""

    queue_as = QUEUE

    def perform(self, module: str, path: str, results: str) -> None:
        # Nearly all sources are UTF-8. One that is not is performed again, with the encoding
        # that it declares.
        source = read_utf8(path) if self.executions == 1 else read_declared(path)
        self.outcome(counts=count(source, module)).append_to(results)

    def outcome(self, **fields: Any) -> Outcome:
        return Outcome(
            job_id=self.job_id, module=self.arguments[0], executions=self.executions, **fields
        )

    @property
    def results(self) -> str:
        return self.arguments[2]


class WriteReportJob(Job):
    """Writes what all the others found; performed twice, it writes the same again."""

    queue_as = QUEUE

    def perform(self, results: str, report: str) -> None:
        outcomes = Outcomes(Path(results))
        outcomes.read()
        unfinished = Path(results, "report.unfinished")
        unfinished.write_text(report_of(outcomes), encoding="utf-8")
        unfinished.replace(report)


def read_utf8(path: str) -> str:
    return Path(path).read_text(encoding="utf-8-sig")


def read_declared(path: str) -> str:
    with tokenize.open(path) as file:
        return file.read()


def count(source: str, module: str) -> Counts:
    """Lines, tokens, functions and classes of a source text.

    Raises:
        SyntaxError: it is no Python of this interpreter's version.
    """
    ast.parse(source, module)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    words = Counter(token.string for token in tokens)
    return Counts(
        lines=len(source.splitlines()),
        tokens=words.total(),
        functions=words["def"],
        classes=words["class"],
    )
