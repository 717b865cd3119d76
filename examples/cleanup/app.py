"""The application: what recurs, and when."""

from datetime import timedelta
from pathlib import Path

from samovar import App

app = App()
app.recurring(
    "nightly-cleanup",
    "DeleteOldFilesJob",
    cron="0 2 * * *",
    time_zone="Europe/Berlin",
    arguments=[Path("uploads").resolve()],
    keyword_arguments={"older_than": timedelta(days=1)},
)
