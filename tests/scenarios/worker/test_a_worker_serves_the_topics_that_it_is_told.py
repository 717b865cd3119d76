"""`--include-topic` and `--exclude-topic` narrow what is declared."""

from __future__ import annotations

import signal

import pytest

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

ROUTES = "for name in ('mail', 'images', 'bills'): app.job_topic(name, partitions=1)"


@pytest.mark.parametrize(
    "options",
    [
        ("--include-topic", "mail", "--include-topic", "bills"),
        ("--exclude-topic", "images"),
    ],
)
def test_a_worker_serves_the_topics_that_it_is_told(stage: Stage, options: tuple[str]) -> None:
    stage.declare(ROUTES)

    with stage.steady_worker(*options) as worker:
        for number, queue in enumerate(("images", "mail", "bills")):
            stage.put([(0, JournalJob(number))], queue)
        stage.journal.wait_for("done", 1, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("done")) == [1, 2]
    assert stage.topic("images") not in worker.output.split("The worker has started")[1]


def test_a_topic_that_is_not_drawn_is_refused_with_the_nearest(stage: Stage) -> None:
    stage.declare(ROUTES)

    with stage.worker("--include-topic", "mial", "--exclude-topic", "mail") as worker:
        assert worker.wait() == 1

    assert (
        f"--include-topic '{stage.topic('mial')}' names nothing that is declared" in worker.output
    )
    assert f"did you mean '{stage.topic('mail')}'?" in worker.output


def test_the_name_that_is_told_is_taken(stage: Stage) -> None:
    stage.declare(ROUTES)

    with stage.steady_worker("--include-topic", stage.topic("mail")) as worker:
        stage.put([(0, JournalJob(1))], "mail")
        stage.journal.wait_for("done", 1)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
