"""`app.recurring(..., "CleanupJob")`: the class by its job name."""

from __future__ import annotations

import pytest

from samovar import ConfigurationError, Job
from tests.support.applications import application


def test_the_class_may_be_defined_after_the_task() -> None:
    with application() as app:
        app.recurring("named-nightly", "NamedLaterJob", cron="0 2 * * *", arguments=[7])

        class NamedLaterJob(Job):
            queue_as = "cleanups"

            def perform(self, days: int) -> None: ...

        app.check()
        (task,) = app._tasks
        assert task.job_class is NamedLaterJob
        assert task.job().arguments == [7]


@pytest.mark.parametrize(("name", "said"), [("NeverDefinedJob", "No job class is named"), ("", "")])
def test_a_name_that_no_class_bears_is_a_fault(name: str, said: str) -> None:
    with application() as app:
        app.recurring("nightly", name, cron="0 2 * * *")
        with pytest.raises(ConfigurationError, match=rf"recurring\('nightly'\): {said}"):
            app.check()
