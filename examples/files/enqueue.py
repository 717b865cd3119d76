"""A job for every log in logs/ but the one that is still written to."""

from pathlib import Path

from jobs import CompressLogJob

logs = [log for log in Path("logs").resolve().glob("*.log") if log.name != "current.log"]
CompressLogJob.perform_bulk([(log,) for log in sorted(logs)])
print("enqueued", len(logs))
