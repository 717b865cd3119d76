"""A job for every file in photos/, in one call."""

from pathlib import Path

from jobs import MakeThumbnailsJob

# Whole paths: a worker may run in another directory.
photos = sorted(Path("photos").resolve().iterdir())
jobs = MakeThumbnailsJob.perform_bulk([(photo,) for photo in photos])
print("enqueued", len(jobs))
