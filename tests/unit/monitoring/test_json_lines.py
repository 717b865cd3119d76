"""A log record as one line of JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from typing import Any

from samovar import events
from samovar.monitoring.json_lines import JsonLines
from tests.support.log import Log


def parsed(record: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_about_a_job_carries_its_event_and_fields(
    log: Log, charge: Any, adapter: Any
) -> None:
    charge.log_arguments = False

    events.announce("perform_start.active_job", job=charge, adapter=adapter)

    line = parsed(log.record)
    assert datetime.fromisoformat(line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "samovar",
        "process": log.record.process,
        "message": "Charge (id-1) is being performed from kafka(payments).",
        "tags": ["ActiveJob", "Charge", "id-1"],
        "event": "active_job.started",
        "payload": {
            "job_class": "Charge",
            "job_id": "id-1",
            "queue": "payments",
            "adapter": "kafka",
            "enqueued_at": None,
        },
    }


def test_any_other_record_is_told_too() -> None:
    try:
        raise ValueError("no\nmoney")
    except ValueError:
        error = sys.exc_info()
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "it %s", ("fails",), error)

    line = parsed(record)

    assert line.keys() == {"time", "level", "logger", "process", "message", "traceback"}
    assert line["message"] == "it fails"
    assert line["traceback"].endswith("ValueError: no\nmoney")


def test_what_json_does_not_know_is_written_as_text() -> None:
    record = logging.LogRecord("shop", logging.INFO, __file__, 1, "it", (), None)
    record.payload = {"lone": "\ud800", "set": {1}}

    assert parsed(record)["payload"] == {"lone": "\ud800", "set": "{1}"}
