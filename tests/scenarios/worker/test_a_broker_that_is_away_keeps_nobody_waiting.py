"""Enqueuing while no broker can be reached waits once for it, and not again for every job."""

from __future__ import annotations

import time

from samovar.broker.kafka import admin
from tests.jobs.sample import JournalJob
from tests.support.stage import Stage


def test_a_broker_that_is_away_keeps_nobody_waiting(kafka_stage: Stage) -> None:
    kafka_stage.configure("kafka", bootstrap_servers="127.0.0.1:1")
    app = kafka_stage.app

    started = time.monotonic()
    JournalJob.perform_bulk([(number,) for number in range(3)])
    JournalJob.perform_later(3)
    waited = time.monotonic() - started

    assert app.close(0.1) == 4
    assert waited < 1.5 * admin.METADATA_SECONDS
