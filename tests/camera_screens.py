"""Takes the pictures of the camera's page that the documentation shows, in headless Chromium.

    python tests/camera_screens.py [-o docs/images] [--all]

With --all, every size by day and by night, to be looked at.
"""

from __future__ import annotations

import argparse
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory

from browser import Page, browser
from camera_live import PER_PHOTO, PHOTOS, Running, demo_bundle
from PIL import Image

from dsnet_edge.camera.web import serve

DESKTOP, PHONE = (1280, 900), (375, 812)
SHOWN = (("desktop", DESKTOP, "dark"), ("phone", PHONE, "light"))
ALL = [(f"{scheme}-{width}", (width, height), scheme) for scheme in ("light", "dark") for width, height in (DESKTOP, PHONE)]
_COMPARED = "document.querySelectorAll('#extremes .card').length === 2"
_LONG_ENOUGH = "performance.now() > 12000"


def take(page: Page, running: Running, address: str, size: tuple[int, int], scheme: str, file: FilePath, whole: bool) -> None:
    """Once the strip is full and the network is sure of a cat. In 256 colours, which is a third of the bytes."""
    page.open(address, *size, scheme)
    page.until(_LONG_ENOUGH)
    wait_for_the_cat(running)
    page.evaluate("document.getElementById('compare').click()")
    page.until(_COMPARED)
    page.screenshot(file, whole)
    with Image.open(file) as taken:
        taken.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)


def wait_for_the_cat(running: Running) -> None:
    """The second photo, taken for what it is."""
    result = None
    while (
        result is None
        or result.prediction.label != "cat"
        or result.prediction.probability < 0.8
        or result.frame.number // PER_PHOTO % PHOTOS != 1
    ):
        result = running.live.wait(result.frame.number if result else -1, 10.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=FilePath, default=FilePath("docs/images"))
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        folder = FilePath(scratch)
        with (
            Running(demo_bundle(folder, "sliced")) as running,
            serve(running.live, port=0) as site,
            browser(folder) as page,
        ):
            for name, size, scheme in ALL if options.all else SHOWN:
                take(page, running, site.address, size, scheme, options.output / f"camera-{name}.png", options.all)


if __name__ == "__main__":
    main()
