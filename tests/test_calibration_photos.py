"""Calibration folders as users have them: photos of every kind, and those that int8 can learn nothing from."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
from PIL import Image

from dsnet_convert.calibration import Calibration
from dsnet_convert.calibration_photos import FEWEST, CalibrationPhotos
from dsnet_edge import demo
from dsnet_edge.errors import DsnetError, ImageError
from dsnet_edge.plan import InputSpec
from dsnet_edge.runtime.preprocess import preprocess

SPEC = InputSpec(16, 16, (0.5, 0.4, 0.3), (0.25, 0.3, 0.2), 18)


@pytest.fixture
def folder(tmp_path: FilePath) -> FilePath:
    """Six real photos, small."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for index, photo in enumerate(demo.photos()[:6]):
        with Image.open(photo) as image:
            image.convert("RGB").resize((64, 48)).save(folder / f"{index}.png")
    return folder


def refused(folder: FilePath, samples: int = 64) -> str:
    with pytest.raises(DsnetError) as caught:
        CalibrationPhotos.read(folder, SPEC, samples)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def plain(folder: FilePath, name: str, colour: tuple[int, int, int] = (0, 0, 0)) -> None:
    Image.new("RGB", (30, 20), colour).save(folder / name)


def test_all_photos_of_a_small_folder_are_used_and_the_user_told(folder: FilePath) -> None:
    found = CalibrationPhotos.read(folder, SPEC, 64)
    assert [file.name for file in found.files] == [f"{index}.png" for index in range(6)]
    np.testing.assert_array_equal(found.images[2], preprocess(folder / "2.png", SPEC))
    assert found.warnings == (f"{folder}: 6 photos, fewer than --samples 64; all are used",)
    assert CalibrationPhotos.read(folder, SPEC, 6).warnings == ()
    assert Calibration.from_folder(folder, SPEC, 64).warnings == found.warnings


def test_too_few_photos_are_refused_with_the_number_it_takes(folder: FilePath) -> None:
    few = FEWEST - 1
    assert refused(folder, few) == f"--samples {few}: int8 learns its ranges from at least {FEWEST} photos; take more"
    for index in range(FEWEST - 1, 6):
        (folder / f"{index}.png").unlink()
    assert refused(folder) == (
        f"{folder}: {FEWEST - 1} photos, and int8 learns its ranges from at least {FEWEST} that differ; "
        "add photos like those that the network will see"
    )


def test_photos_of_one_colour_teach_nothing(folder: FilePath) -> None:
    plain(folder, "black.png")
    plain(folder, "red.png", (255, 0, 0))
    assert CalibrationPhotos.read(folder, SPEC, 8).warnings == (
        f"{folder / 'black.png'}: of one colour, like 1 more, which teaches int8 nothing; leave it out",
    )
    for index in range(3):
        (folder / f"{index}.png").unlink()
    assert refused(folder).startswith(f"{folder}: 5 photos, 2 of one colour (first black.png), and int8 learns")
    for index in range(3, 6):
        (folder / f"{index}.png").unlink()
    assert refused(folder).startswith(f"{folder}: all of 2 photos are of one colour, and int8 learns")


def test_the_same_photo_again_and_again_is_one(folder: FilePath) -> None:
    for index in range(1, 6):
        (folder / f"{index}.png").write_bytes((folder / "0.png").read_bytes())
    assert refused(folder).startswith(f"{folder}: 6 photos, 5 like another, and int8 learns")


def test_every_kind_of_photo_is_taken(folder: FilePath) -> None:
    """Whatever a camera, a scanner or a browser leaves behind, and as `preprocess` sees it."""
    generator = np.random.default_rng(0)
    image = Image.open(folder / "0.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    image.convert("CMYK").save(folder / "cmyk.jpg")
    image.save(folder / "turned.jpg", exif=turned)
    image.save(folder / "moving.webp", save_all=True, append_images=[Image.new("RGB", image.size)])
    image.save(folder / "moving.png", save_all=True, append_images=[Image.new("RGB", image.size)])
    image.convert("P").save(folder / "palette.bmp")
    Image.fromarray(generator.integers(0, 65536, (20, 30)).astype(np.uint16)).save(folder / "deep.png")
    Image.new("RGB", (1, 1), (9, 8, 7)).save(folder / "dot.png")
    found = CalibrationPhotos.read(folder, SPEC, 13)
    assert np.isfinite(found.images).all()
    still = preprocess(folder / "0.png", SPEC)
    for name in ("moving.webp", "moving.png", "cmyk.jpg"):
        taken = found.images[found.files.index(folder / name)]
        assert abs(taken - still).mean() < 0.15, name
    np.testing.assert_allclose(
        found.images[found.files.index(folder / "turned.jpg")], preprocess(image.rotate(-90, expand=True), SPEC), atol=0.6
    )
    assert found.warnings == (f"{folder / 'dot.png'}: of one colour, which teaches int8 nothing; leave it out",)


def test_what_is_no_photo_is_named(folder: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = demo.photos()[0].read_bytes()
    for name, content in (("empty.jpg", b""), ("words.png", b"not a photo"), ("cut.jpg", whole[: len(whole) // 2])):
        (folder / name).write_bytes(content)
        with pytest.raises(ImageError, match=f"{name}: not a readable image"):
            CalibrationPhotos.read(folder, SPEC, 64)
        (folder / name).unlink()
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    with pytest.raises(ImageError, match=r"gone\.jpg: no such file"):
        CalibrationPhotos.read(folder, SPEC, 64)
    (folder / "gone.jpg").unlink()
    Image.new("RGB", (300, 300)).save(folder / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000)
    with pytest.raises(ImageError, match=r"bomb\.png: not a readable image \(Image size \(90000 pixels\) exceeds limit"):
        CalibrationPhotos.read(folder, SPEC, 64)


def test_a_folder_must_be_one(folder: FilePath, tmp_path: FilePath) -> None:
    assert refused(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'}: no such folder; name a folder of photos"
    assert refused(folder / "0.png") == f"{folder / '0.png'}: a file; name a folder of photos"
    (tmp_path / "bare").mkdir()
    assert refused(tmp_path / "bare").startswith(f"{tmp_path / 'bare'}: no images")
