"""A photo becomes the network's input: the same few lines for training's evaluation, every backend and every tool."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageOps

from dsnet_edge.errors import ImageError
from dsnet_edge.plan import InputSpec

Photo: TypeAlias = "str | FilePath | Image.Image | np.ndarray"

_RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def preprocess(photo: Photo, spec: InputSpec) -> np.ndarray:
    """Float32 `[height, width, 3]`, normalised: upright, RGB, short side to `spec.resize`, centre crop."""
    image = load_rgb(photo)
    scale = spec.resize / min(image.size)
    crop_width, crop_height = spec.width / scale, spec.height / scale
    left, top = (image.width - crop_width) / 2, (image.height - crop_height) / 2
    # The crop's box may exceed a very small photo by a rounding error, which Pillow refuses.
    box = (max(left, 0.0), max(top, 0.0), min(left + crop_width, image.width), min(top + crop_height, image.height))
    image = image.resize((spec.width, spec.height), _RESAMPLING[spec.interpolation], box=box)
    pixels = np.asarray(image, np.float32) / 255
    return (pixels - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)


def load_rgb(photo: Photo) -> Image.Image:
    """An upright 8-bit RGB image from a file, a Pillow image or a uint8 array `[h, w]`, `[h, w, 3]` or `[h, w, 4]`."""
    if isinstance(photo, np.ndarray):
        return to_rgb(_from_array(photo))
    try:
        if isinstance(photo, Image.Image):
            return to_rgb(photo)  # its file may be read only now
        with Image.open(photo) as image:
            return to_rgb(image)
    except FileNotFoundError:
        raise ImageError(f"{photo}: no such file; check the path") from None
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        reason = "a format Pillow cannot read" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        raise ImageError(f"{photo}: not a readable image ({reason}); give a JPEG, PNG or WebP photo") from error


def to_rgb(image: Image.Image) -> Image.Image:
    """Applies the EXIF orientation, scales deep pixels to 8 bits, and lays transparency over white."""
    if not min(image.size):
        raise ValueError(f"it has {image.width} x {image.height} pixels")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = _scale_to_8_bits(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _scale_to_8_bits(image: Image.Image) -> Image.Image:
    """Pillow's own conversion clips instead of scaling. 16-bit files may arrive as 32-bit integers; floats are 0..1 or 0..255."""
    pixels = np.asarray(image).astype(np.float64)
    float_scale = 1.0 if pixels.max(initial=0) <= 1 else 255.0
    full_scale = float_scale if image.mode == "F" else 65535.0
    return Image.fromarray((np.clip(np.nan_to_num(pixels) / full_scale, 0, 1) * 255 + 0.5).astype(np.uint8))


def _from_array(array: np.ndarray) -> Image.Image:
    if (
        array.dtype != np.uint8
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] not in (3, 4))
        or not array.size
    ):
        raise ImageError(
            f"an image array must be uint8 [h, w], [h, w, 3] or [h, w, 4], found {array.dtype} {list(array.shape)}; "
            "convert it first"
        )
    return Image.fromarray(array)
