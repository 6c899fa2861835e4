"""Makes a video of the demo photos as a hand-held camera would see them: it moves, zooms, blurs, and fades from one to the next.

python scripts/make_video.py -o video.mp4 [--size 320x240] [--fps 30] [--seconds 1.5] [--photos FOLDER] [--codec mp4v]

Needs OpenCV (the extra `camera`). The same options give the same pictures.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path as FilePath

import cv2
import numpy as np
from PIL import Image, ImageFilter

PHOTOS = FilePath(__file__).parents[1] / "dsnet_edge/demo/photos"
_FADE = 0.25  # of a photo's time, at its end
_BLUR = 6.0  # pixels, where it is strongest


def frames(photos: FilePath, size: tuple[int, int], count: int) -> Iterator[Image.Image]:
    """RGB pictures, `count` of each photo."""
    files = sorted(photos.glob("*.jpg"))
    if not files:
        raise SystemExit(f"{photos}: has no .jpg photos; name another folder with --photos")
    for number, file in enumerate(files):
        following = files[(number + 1) % len(files)]
        with Image.open(file) as first, Image.open(following) as second:
            now, then = first.convert("RGB"), second.convert("RGB")
        for index in range(count):
            moment = index / count
            picture = _seen(now, size, moment)
            if moment > 1 - _FADE:
                picture = Image.blend(picture, _seen(then, size, 0.0), (moment - 1 + _FADE) / _FADE)
            yield picture


def _seen(photo: Image.Image, size: tuple[int, int], moment: float) -> Image.Image:
    """At `moment` (0 to 1): the whole photo at first, then a window that closes in and circles, out of focus in the middle."""
    width, height = size
    zoom = 1 - 0.4 * moment
    scale = zoom * min(photo.width / width, photo.height / height)
    window = width * scale, height * scale
    turn = 2 * math.pi * moment
    left = (photo.width - window[0]) * (0.5 + 0.5 * moment * math.sin(turn))
    top = (photo.height - window[1]) * (0.5 + 0.5 * moment * math.cos(turn))
    picture = photo.resize(size, Image.Resampling.BILINEAR, box=(left, top, left + window[0], top + window[1]))
    return picture.filter(ImageFilter.GaussianBlur(_BLUR * max(0.0, math.sin(math.pi * moment)) ** 4))


def write_video(
    output: FilePath,
    photos: FilePath = PHOTOS,
    size: tuple[int, int] = (320, 240),
    fps: float = 30.0,
    seconds: float = 1.5,
    codec: str = "mp4v",
) -> int:
    """Returns the number of frames. `seconds` are those of each photo."""
    unfinished = output.with_name(f".unfinished-{output.name}")
    writer = cv2.VideoWriter(str(unfinished), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, size)
    if not writer.isOpened():
        raise SystemExit(f"{output}: this OpenCV cannot write {codec} there; try --codec MJPG and a name that ends with .avi")
    count = 0
    for picture in frames(photos, size, max(1, round(fps * seconds))):
        writer.write(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR))
        count += 1
    writer.release()
    unfinished.replace(output)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=FilePath, required=True)
    parser.add_argument("--photos", type=FilePath, default=PHOTOS)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each photo")
    parser.add_argument("--codec", default="mp4v")
    given = parser.parse_args()
    width, _, height = given.size.partition("x")
    count = write_video(given.output, given.photos, (int(width), int(height)), given.fps, given.seconds, given.codec)
    print(f"wrote {given.output}: {count} frames")


if __name__ == "__main__":
    main()
