"""`samovar worker -q NAME`: a name nearly like another is pointed out, and its topic not made."""

from __future__ import annotations

import pytest

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage


@pytest.mark.parametrize("meant", ["default", "invoices", "receipts"])
def test_a_misspelt_queue_is_pointed_out(stage: Stage, meant: str) -> None:
    # "default" is a job class's, "receipts" is declared, and "invoices" is a topic that is there.
    stage.create("invoices")
    stage.declare('app.job_topic("receipts")')
    typed = f"{meant[:-2]}{meant[-1]}{meant[-2]}"

    with stage.steady_worker("-q", typed) as worker:
        output = worker.output

    assert f"Note: nothing names the queue '{typed}' yet" in output
    assert f"did you mean '{meant}'?" in output
    assert stage.topic(typed) not in stage.admin.topics()


def test_it_is_served_once_a_job_has_made_it(stage: Stage) -> None:
    with stage.steady_worker("-q", "defualt"):
        stage.app  # noqa: B018 -- jobs need an application to know their queue
        JournalJob.set(queue="defualt").perform_later(1)
        stage.journal.wait_for("done", 1)


def test_a_queue_that_is_known_or_like_no_other_is_served_without_a_word(stage: Stage) -> None:
    stage.create("invoices")

    with stage.steady_worker("-q", "default", "-q", "invoices", "-q", "zebra") as worker:
        output = worker.output

    assert "did you mean" not in output
