"""The logger `samovar`: the one place that writes to it. Writing never harms who writes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from samovar.support import tracebacks
from samovar.support.wording import error_text, printable

#: Longest line, in characters, without its traceback.
MAX_LINE = 20_000

_log = logging.getLogger("samovar")


def is_heard(level: int) -> bool:
    """Whether a line of this level would be written."""
    # `dictConfig` disables the loggers that it does not name, unless asked not to: from then on
    # no failure would be reported. Who wants to read less sets a level.
    _log.disabled = False
    return _log.isEnabledFor(level)


def write(
    level: int,
    words: str,
    *,
    error: BaseException | None = None,
    fields: Mapping[str, Any] | None = None,
) -> None:
    """Write one line: `words` escaped and cut, with the error's traceback after it.

    Filters, handlers and formatters are the application's. One that raises costs its own output,
    and standard error gets the line instead; nothing of it reaches the caller.

    Args:
        fields: Attributes of the record, for formatters that write more than words.
    """
    try:
        if not is_heard(level):
            return
        record = _record(level, words, error, fields)
        try:
            _log.handle(record)
        except BaseException as failure:
            _write_without_logging(record, failure)
    except BaseException:
        return  # not even standard error takes it; the work that is reported goes on


def _record(
    level: int, words: str, error: BaseException | None, fields: Mapping[str, Any] | None
) -> logging.LogRecord:
    line = printable(words, MAX_LINE)
    if error is None:
        return _log.makeRecord(_log.name, level, __file__, 0, "%s", (line,), None, extra=fields)
    found = (type(error), error, tracebacks.users_traceback(error))
    record = _log.makeRecord(_log.name, level, __file__, 0, "%s", (line,), found, extra=fields)
    # Formatters write this text and leave the error alone: formatting it anew can fail in any way.
    record.exc_text = tracebacks.text(error)
    return record


def _write_without_logging(record: logging.LogRecord, failure: BaseException) -> None:
    record.args = (f"{record.getMessage()} (logging it failed: {printable(error_text(failure))})",)
    if logging.lastResort is not None:
        logging.lastResort.handle(record)
