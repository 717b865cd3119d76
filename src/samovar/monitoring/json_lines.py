"""Log records as JSON, one object a line."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from samovar.monitoring.log_subscriber import prefix


class JsonLines(logging.Formatter):
    """Writes a record as ``time``, ``level``, ``logger``, ``process`` and ``message``.

    Records of Samovar add ``event`` (such as ``active_job.enqueued``), ``payload`` (its fields)
    and ``tags``; records with an error add ``traceback``. Any other record has the first five.
    """

    def format(self, record: logging.LogRecord) -> str:
        tags = getattr(record, "tags", None)
        line: dict[str, Any] = {
            "time": self._time(record),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if tags is not None:
            line["message"] = line["message"].removeprefix(prefix(tags))
            line["tags"] = tags
        for name in ("event", "payload"):
            if hasattr(record, name):
                line[name] = getattr(record, name)
        if record.exc_info:
            line["traceback"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    def _time(self, record: logging.LogRecord) -> str:
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{second}.{int(record.msecs):03d}Z"
