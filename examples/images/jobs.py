"""Thumbnails of a photo, in a few sizes."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from samovar import Job, discard_on

THUMBNAILS = Path("thumbnails")
#: The longest side, in pixels.
SIZES = (800, 200)


def set_aside(job: Job, error: BaseException) -> None:
    photo: Path = job.arguments[0]
    photo.rename(photo.with_name(f"{photo.name}.unreadable"))


@discard_on(FileNotFoundError)
@discard_on(UnidentifiedImageError, then=set_aside)
class MakeThumbnailsJob(Job):
    queue_as = "photos"

    def perform(self, photo: Path) -> None:
        THUMBNAILS.mkdir(exist_ok=True)
        with Image.open(photo) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        for size in SIZES:
            thumbnail = upright.copy()
            thumbnail.thumbnail((size, size))
            self.write(thumbnail, THUMBNAILS / f"{photo.stem}-{size}.jpg")

    def write(self, image: Image.Image, target: Path) -> None:
        """Nobody ever sees half a file, also when the worker is killed here."""
        unfinished = target.with_name(f"{target.name}.{self.job_id}")
        image.save(unfinished, format="JPEG")
        unfinished.replace(target)
