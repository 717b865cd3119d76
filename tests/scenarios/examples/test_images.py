"""The example `images`, with real pictures."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually


def test_every_photo_gets_its_thumbnails_and_what_is_no_photo_is_set_aside(tmp_path: Path) -> None:
    directory = copy_example("images", tmp_path)
    photos = directory / "photos"
    photos.mkdir()
    Image.new("RGB", (1600, 1200), "teal").save(photos / "lake.jpg")
    Image.new("RGBA", (500, 1000), (255, 0, 0, 128)).save(photos / "tower.png")
    Image.new("RGB", (1000, 500)).save(photos / "turned.jpg", exif=turned_by_90_degrees())
    (photos / "notes.jpg").write_text("This is no picture.")
    assert run_script(directory, "enqueue.py") == "enqueued 4\n"

    thumbnails = directory / "thumbnails"
    with worker_in(directory):
        eventually(lambda: thumbnails.exists() and len(list(thumbnails.glob("*.jpg"))) == 6)
        eventually((photos / "notes.jpg.unreadable").exists)

    assert {path.name: size_of(path) for path in thumbnails.iterdir()} == {
        "lake-800.jpg": (800, 600),
        "lake-200.jpg": (200, 150),
        "tower-800.jpg": (400, 800),
        "tower-200.jpg": (100, 200),
        "turned-800.jpg": (400, 800),
        "turned-200.jpg": (100, 200),
    }
    assert {path.name for path in photos.iterdir()} == {
        "lake.jpg",
        "tower.png",
        "turned.jpg",
        "notes.jpg.unreadable",
    }


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def turned_by_90_degrees() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation
    return exif
