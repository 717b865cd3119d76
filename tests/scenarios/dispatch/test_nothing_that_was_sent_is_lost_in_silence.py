"""A process that ends delivers what it sent, to the last handler; or it says so, and fails."""

from __future__ import annotations

import os

from samovar.processes import exit_status
from tests.support.stage import Stage

KEEPS_ONE_TOO_LARGE = """
from samovar import App

app = App()
for number in range(50):
    app.producer.buffer(topic="orders", payload=str(number))
app.producer.buffer(topic="orders", payload="x" * 3_000_000)
"""

SENDS_AFTER_THE_END = """
import atexit

from samovar import App

def send():
    saved.produce_async(topic="orders", payload="by one that was kept")
    app.producer.buffer(topic="orders", payload="into the buffer")
    app.producer.variant(topic_config={"linger.ms": 50}).produce_async(
        topic="orders", payload="by a variant"
    )
    with app.producer.transaction() as together:
        together.produce(topic="orders", payload="together")

atexit.register(send)  # runs after the application's own handler
app = App()
saved = app.producer
"""

SENDS_INTO_NOTHING_AFTER_THE_END = """
import atexit
import samovar.engine.producing.message_producer as module
from samovar import App

module.LAST_SECONDS = 1.0
atexit.register(lambda: app.producer.produce_async(topic="orders", payload="x"))
app = App()
app.adapter()
"""

POOLS = """
import multiprocessing
from samovar import App

app = App()

def send(number):
    app.producer.produce_async(topic="orders", payload=str(number))

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.map(send, range(200))
"""


def test_one_message_too_large_takes_no_other_with_it_and_fails_the_process(
    kafka_stage: Stage,
) -> None:
    done = kafka_stage.script(KEEPS_ONE_TOO_LARGE)

    assert done.returncode == exit_status.UNDELIVERED, done.stderr
    assert "1 enqueued job was NOT delivered" in done.stderr
    assert len(kafka_stage.records("orders")) == 50


def test_a_handler_at_the_very_end_may_still_send(stage: Stage) -> None:
    done = stage.script(SENDS_AFTER_THE_END)

    assert (done.returncode, done.stderr) == (os.EX_OK, "")
    assert sorted(record.value or b"" for record in stage.records("orders")) == [
        b"by a variant",
        b"by one that was kept",
        b"into the buffer",
        b"together",
    ]


def test_what_such_a_handler_sends_in_vain_fails_the_process(kafka_stage: Stage) -> None:
    kafka_stage.configure("kafka", bootstrap_servers="127.0.0.1:1")

    done = kafka_stage.script(SENDS_INTO_NOTHING_AFTER_THE_END)

    assert done.returncode == exit_status.UNDELIVERED, done.stderr
    assert "1 enqueued job was NOT delivered" in done.stderr


def test_the_processes_of_a_pool_deliver_before_they_are_terminated(kafka_stage: Stage) -> None:
    kafka_stage.create("orders")

    done = kafka_stage.script(POOLS)

    assert done.returncode == os.EX_OK, done.stderr
    assert len(kafka_stage.records("orders")) == 200
