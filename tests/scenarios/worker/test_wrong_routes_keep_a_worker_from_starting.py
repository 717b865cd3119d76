"""L07: every fault of the routes is told at once, by its field, with exit status 1."""

from __future__ import annotations

from tests.support.stage import Stage

ROUTES = """
app.job_topic("orders", partitons=3)
app.job_topic("mail", dead_letter_queue="lost", max_messages=0)
app.job_topic("twice")
app.job_topic("twice")
app.job_topic(re.compile(r".*_jobs"), dead_letter_queue=DeadLetterQueue("dead_jobs"))
app.job_topic("images", kafka={"fetch.mim.bytes": 5, "fetch.min.bytes": "many"})
app.job_topic("sounds", kafka={"group.id": "mine"})
app.job_topic("round", dead_letter_queue=DeadLetterQueue("round"))
app.job_topic("nowhere", dead_letter_queue=DeadLetterQueue("no such/topic"))
app.job_topic("..")
app.scheduled_messages("twice")
app.scheduled_messages("no such")
app.recurring("never", None, cron="99 * * * *")
app.job_topic("films", kafka={"group.protocol": "consumer", "session.timeout.ms": 9000})
"""
TOLD = (
    "job_topic('orders'): unknown setting 'partitons'; did you mean 'partitions'?",
    "job_topic('mail'): dead_letter_queue is 'lost'; expected DeadLetterQueue(...).",
    "job_topic('mail'): max_messages is 0; expected a whole number of at least 1.",
    "job_topic('twice'): declared twice.",
    "finds its own dead letter topic",
    "job_topic('round'): dead_letter_queue.topic is the topic",
    "job_topic('nowhere'): dead_letter_queue.topic is",
    "job_topic('..'): a topic's name has",
    "holds jobs until their time, so it can be no queue",
    "recurring('never'): None is no job class.",
    "recurring('never'): cron is '99 * * * *'",
)
TOLD_BY_KAFKA = (
    "kafka: fetch.mim.bytes is no property of librdkafka.",
    'kafka: fetch.min.bytes cannot be used: Invalid value for configuration property "fetch.min.',
    "scheduled_messages('no such'): a topic's name has",
    "kafka: group.id has a setting of its own: kafka.group_id.",
    "kafka: session.timeout.ms cannot stand beside group.protocol = consumer",
)


def test_wrong_routes_keep_a_worker_from_starting(stage: Stage) -> None:
    stage.declare(ROUTES)
    told = TOLD + (TOLD_BY_KAFKA if stage.backend == "kafka" else ())

    with stage.worker() as worker:
        assert worker.wait() == 1

    assert [part for part in told if part not in worker.output] == []
    assert "Traceback" not in worker.output
