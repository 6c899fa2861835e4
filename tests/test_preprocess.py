"""Photos of every kind become the same normalised tensor, or one clear error."""

import numpy as np
import pytest
from PIL import Image

from dsnet_edge.errors import ImageError
from dsnet_edge.plan import InputSpec
from dsnet_edge.runtime import preprocess
from dsnet_edge.runtime.preprocess import load_rgb

SPEC = InputSpec(32, 32, (0.5, 0.4, 0.3), (0.2, 0.25, 0.3), resize=36)
PLAIN = InputSpec(8, 8, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), resize=8)


@pytest.fixture
def photo():
    """A smooth colour gradient, so that resampling is nearly exact, wider than high."""
    y, x = np.mgrid[0:60, 0:90]
    return Image.fromarray(np.stack([x * 2, y * 4, (x + y) * 1.5], axis=-1).astype(np.uint8))


def test_equals_resize_then_centre_crop(photo):
    """The textbook way in two steps: whole image to short side 36, then the centre."""
    resized = np.asarray(photo.resize((54, 36), Image.Resampling.BILINEAR), np.float32)
    expected = (resized[2:34, 11:43] / 255 - np.float32(SPEC.mean)) / np.float32(SPEC.std)
    found = preprocess(photo, SPEC)
    assert found.dtype == np.float32
    assert found.shape == (32, 32, 3)
    np.testing.assert_allclose(found, expected, atol=1.01 / 255 / 0.2)  # one level of rounding


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "array", "pil"])
def test_every_source_is_accepted(kind, photo, tmp_path):
    if kind == "array":
        source = np.asarray(photo)
    elif kind == "pil":
        source = photo
    else:
        source = tmp_path / f"photo.{kind}"
        photo.save(source, quality=97)
    assert abs(preprocess(source, PLAIN) - preprocess(photo, PLAIN)).mean() < 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation, photo, tmp_path):
    """A photo stored turned, with the tag that says so, looks the same."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that produces the stored picture
    stored = photo if orientation == 1 else photo.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(np.asarray(load_rgb(tmp_path / "turned.png")), np.asarray(photo))


def test_grey_and_deep_images_keep_their_brightness(tmp_path):
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64)
    Image.fromarray(ramp.astype(np.uint16)).save(tmp_path / "deep.png")
    Image.fromarray((ramp / 257).astype(np.uint8)).save(tmp_path / "grey.png")
    Image.fromarray(ramp.astype(np.int32)).save(tmp_path / "wide.tiff")
    Image.fromarray((ramp / 65535).astype(np.float32)).save(tmp_path / "float.tiff")
    grey = preprocess(tmp_path / "grey.png", PLAIN)
    assert grey.std() > 0.2
    for name in ("deep.png", "wide.tiff", "float.tiff"):
        np.testing.assert_allclose(preprocess(tmp_path / name, PLAIN), grey, atol=2 / 255)


def test_transparency_lies_over_white(tmp_path):
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[:, 10:] = (255, 0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "clear.png")
    found = preprocess(tmp_path / "clear.png", PLAIN)
    np.testing.assert_array_equal(found[0, 0], (1, 1, 1))
    np.testing.assert_array_equal(found[0, -1], (1, 0, 0))


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (7, 31)])
def test_extreme_sizes_do_not_blow_up(size):
    found = preprocess(Image.new("RGB", size, (255, 128, 0)), SPEC)
    expected = (np.float32([1, 128 / 255, 0]) - np.float32(SPEC.mean)) / np.float32(SPEC.std)
    np.testing.assert_allclose(found, np.broadcast_to(expected, (32, 32, 3)), atol=1e-5)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\xff\xd8\xff\xe0 broken jpeg", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_one_clear_error(content, tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    with pytest.raises(ImageError, match=r"photo\.jpg: not a readable image .* give a JPEG, PNG or WebP"):
        preprocess(file, SPEC)


def test_truncated_jpeg_and_missing_file(photo, tmp_path):
    photo.save(tmp_path / "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(data[: len(data) // 2])
    for name in ("half.jpg", "absent.jpg"):
        with pytest.raises(ImageError, match=name):
            preprocess(tmp_path / name, SPEC)


def test_pillow_images_that_cannot_be_read(photo, tmp_path):
    photo.save(tmp_path / "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[:-40])  # the header is whole, the pixels are not
    for image in (Image.open(tmp_path / "cut.jpg"), Image.new("RGB", (0, 5))):
        with pytest.raises(ImageError, match="not a readable image"):
            preprocess(image, SPEC)


def test_decompression_bomb_is_refused(tmp_path, monkeypatch):
    Image.new("RGB", (300, 300)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ImageError, match=r"bomb\.png"):
        preprocess(tmp_path / "bomb.png", SPEC)


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), np.zeros(5, np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_wrong_arrays_are_refused(array):
    with pytest.raises(ImageError, match="uint8"):
        preprocess(array, SPEC)
