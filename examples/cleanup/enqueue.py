"""Delete what is older than a day in uploads/, now. For cron."""

from datetime import timedelta
from pathlib import Path

from jobs import DeleteOldFilesJob

DeleteOldFilesJob.perform_later(Path("uploads").resolve(), older_than=timedelta(days=1))
