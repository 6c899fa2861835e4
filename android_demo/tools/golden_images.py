"""Pictures, and the input that Python makes of them: camera frames in every layout that Android has, and the demo's photos.

`frames.bin`: how many; of each the input specification, width, height and rotation, three planes (row stride, pixel stride,
bytes), and the input. `photos.bin`: how many; of each the specification, width, height, RGB bytes and the input. Bytes and inputs
begin with how many there are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import product
from pathlib import Path as FilePath

import numpy as np
from PIL import Image

from dsnet_edge import demo
from dsnet_edge.plan import InputSpec
from dsnet_edge.runtime import preprocess
from dsnet_edge.runtime.preprocess import load_rgb

_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_SPECS = (
    InputSpec(32, 32, (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616), 32, "bilinear"),
    InputSpec(224, 224, *_IMAGENET, 256, "bilinear"),
    InputSpec(224, 224, *_IMAGENET, 232, "bicubic"),
    InputSpec(40, 72, (0.0, 0.5, -1.0), (1.0, 0.3, 255.0), 76, "bicubic"),
    InputSpec(25, 17, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 16, "bilinear"),  # the crop is higher than the resized picture
)
_SIZES = ((640, 480), (176, 144), (35, 21), (20, 33), (2, 2), (1, 1), (1, 7), (300, 2))
# Clockwise; Pillow's are anticlockwise.
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def write(folder: FilePath) -> None:
    _write_all(folder / "frames.bin", list(_frames(np.random.default_rng(0))))
    _write_all(folder / "photos.bin", list(_photos()))


def _write_all(file: FilePath, cases: list[bytes]) -> None:
    file.write_bytes(struct.pack(">i", len(cases)) + b"".join(cases))


def _frames(generator: np.random.Generator) -> Iterator[bytes]:
    """Every size turned every way, and meanwhile every layout with every specification."""
    for index, ((width, height), rotation) in enumerate(product(_SIZES, (0, 90, 180, 270))):
        for spec in _SPECS[index % 2 :: 2] if width < 600 else (_SPECS[index % 3],):
            y = _picture(generator, width, height)
            u, v = (_picture(generator, (width + 1) // 2, (height + 1) // 2) for _ in range(2))
            packed = _planes(generator, y, u, v)
            size = struct.pack(">iii", width, height, rotation)
            yield _specification(spec) + size + packed + _floats(preprocess(_upright(y, u, v, rotation), spec))


def _upright(y: np.ndarray, u: np.ndarray, v: np.ndarray, rotation: int) -> Image.Image:
    """The reference: chroma repeated 2 x 2, Pillow's conversion, then the turn."""
    height, width = y.shape
    repeated = (plane.repeat(2, 0).repeat(2, 1)[:height, :width] for plane in (u, v))
    image = Image.fromarray(np.stack([y, *repeated], axis=-1), "YCbCr").convert("RGB")
    return image.transpose(_TURNS[rotation]) if rotation else image


def _picture(generator: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A smooth ramp, noise, and patches at both ends of the range, where conversions clip and resampling overshoots."""
    x, y = np.meshgrid(np.linspace(0, 4, width), np.linspace(0, 3, height))
    smooth = 128 + 90 * np.sin(x * generator.uniform(0.5, 2) + y) + generator.normal(scale=12, size=(height, width))
    patches = generator.integers(0, 8, (height // 5 + 1, width // 5 + 1)).repeat(5, 0).repeat(5, 1)[:height, :width]
    return np.where(patches == 0, 0, np.where(patches == 1, 255, smooth)).clip(0, 255).astype(np.uint8)


def _planes(generator: np.random.Generator, y: np.ndarray, u: np.ndarray, v: np.ndarray) -> bytes:
    """As a camera's buffers: separate or interleaved (NV12, NV21), with padded rows, and no byte after a plane's last sample."""
    padding, layout = int(generator.integers(0, 3)) * 16, generator.choice(["planar", "nv12", "nv21"])
    packed = _plane(y, y.shape[1] + padding, 1)
    if layout == "planar":
        return packed + _plane(u, u.shape[1] + padding, 1) + _plane(v, v.shape[1] + padding, 1)
    first, second = (u, v) if layout == "nv12" else (v, u)
    row_stride = 2 * u.shape[1] + padding
    shared = generator.integers(0, 256, row_stride * u.shape[0], dtype=np.uint8)
    for offset, plane in enumerate((first, second)):
        np.lib.stride_tricks.as_strided(shared[offset:], plane.shape, (row_stride, 2))[:] = plane
    last = row_stride * (u.shape[0] - 1) + 2 * u.shape[1] - 1
    buffers = {id(first): shared[:last], id(second): shared[1 : last + 1]}
    return packed + b"".join(struct.pack(">ii", row_stride, 2) + _bytes(buffers[id(plane)].tobytes()) for plane in (u, v))


def _plane(plane: np.ndarray, row_stride: int, pixel_stride: int) -> bytes:
    padded = np.full((plane.shape[0], row_stride), 77, np.uint8)
    padded[:, : plane.shape[1]] = plane
    whole = padded.tobytes()[: row_stride * (plane.shape[0] - 1) + plane.shape[1]]
    return struct.pack(">ii", row_stride, pixel_stride) + _bytes(whole)


def _photos() -> Iterator[bytes]:
    for photo, spec in product(demo.photos(), _SPECS[:3]):
        image = load_rgb(photo)
        size = struct.pack(">ii", *image.size)
        yield _specification(spec) + size + _bytes(image.tobytes()) + _floats(preprocess(photo, spec))


def _specification(spec: InputSpec) -> bytes:
    kind = int(spec.interpolation == "bicubic")
    return struct.pack(">4i6f", spec.height, spec.width, spec.resize, kind, *spec.mean, *spec.std)


def _bytes(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


def _floats(values: np.ndarray) -> bytes:
    return struct.pack(">i", values.size) + values.astype(">f4").tobytes()
