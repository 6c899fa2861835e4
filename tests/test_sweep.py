"""A sweep: one run over labelled photos gives what running the bundle anew at every bias would."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from tiny import tiny_plan
from typer.testing import CliRunner

from dsnet_convert.bundle import write_bundle
from dsnet_edge.cli.app import app
from dsnet_edge.errors import DsnetError, ImageError
from dsnet_edge.profile import read_sweep, write_profile
from dsnet_edge.runtime import Bundle, Runner, open_bundle
from dsnet_edge.sweep.curve import best_static, curve, even_biases
from dsnet_edge.sweep.images import labelled_photos
from dsnet_edge.sweep.outcomes import Outcomes, run_paths
from profiles import energy, profile, series


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    folder = tmp_path_factory.mktemp("sweep") / "bundle"
    write_bundle(tiny_plan(), folder, ["sliced"], {"random_seed": 0})
    return open_bundle(folder)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Eight photos of each of three classes of five."""
    folder, generator = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for label in ("class 0", "class 2", "class 4"):
        (folder / label).mkdir()
        for index in range(8):
            pixels = (generator.random((4, 4, 3)) * 255).astype(np.uint8).repeat(8, 0).repeat(8, 1)
            Image.fromarray(pixels).save(folder / label / f"{index}.png")
    return folder


def test_photos_are_labelled_by_their_folders_and_thinned_out_evenly(bundle, images):
    every = labelled_photos(images, bundle.labels)
    assert [labelled.label for labelled in every] == [0] * 8 + [2] * 8 + [4] * 8
    assert all(labelled.photo.parent.name == f"class {labelled.label}" for labelled in every)
    some = labelled_photos(images, bundle.labels, limit=6)
    assert [(labelled.label, labelled.photo.stem) for labelled in some] == [
        (0, "0"), (0, "4"), (2, "0"), (2, "4"), (4, "0"), (4, "4"),
    ]  # fmt: skip


def test_folders_that_are_no_labelled_photos_are_refused(bundle, tmp_path):
    with pytest.raises(ImageError, match="no such folder"):
        labelled_photos(tmp_path / "none", bundle.labels)
    with pytest.raises(ImageError, match="no photos in folders named like labels, such as class 0"):
        labelled_photos(tmp_path, bundle.labels)
    (tmp_path / "val").mkdir()
    with pytest.raises(ImageError, match="no label is called 'val'"):
        labelled_photos(tmp_path, bundle.labels)


def test_every_point_is_what_a_runner_with_that_bias_does(bundle, images):
    photos = labelled_photos(images, bundle.labels)
    outcomes = run_paths(Runner(bundle), photos)
    for point in curve(outcomes, bundle.madds, [2.0, -1.5, 0.0, 2.0]):
        runner = Runner(bundle, bias=point.bias)
        predictions = [runner(labelled.photo) for labelled in photos]
        right = [prediction.label == f"class {labelled.label}" for prediction, labelled in zip(predictions, photos, strict=True)]
        paths = [prediction.path for prediction in predictions]
        assert point.accuracy == pytest.approx(100 * np.mean(right))
        assert point.shares == pytest.approx([paths.count(path) / len(paths) for path in range(3)])
        assert point.madds == pytest.approx(np.mean([prediction.madds for prediction in predictions]))
    for path, accuracy in enumerate(outcomes.static_accuracy):
        runner = Runner(bundle)
        right = [runner(labelled.photo, path).label == f"class {labelled.label}" for labelled in photos]
        assert accuracy == pytest.approx(100 * np.mean(right))


def test_biases_are_chosen_from_one_end_to_the_other_and_spaced_by_multiply_adds():
    generator = np.random.default_rng(0)
    scores, madds = generator.normal(size=(2000, 4)) * 30, (100, 150, 230, 400)
    outcomes = Outcomes(generator.random((2000, 4)) < 0.5, scores)
    points = curve(outcomes, madds, even_biases(outcomes, madds, 7))
    found = [point.madds for point in points if point.bias != 0]
    np.testing.assert_allclose(found, np.linspace(400, 100, 7), atol=1.5)
    assert [point.bias for point in points] == sorted(point.bias for point in points) and 0.0 in {p.bias for p in points}


def test_the_best_static_path_is_interpolated_over_those_that_a_cheaper_one_does_not_beat():
    # 80 at 100, 79 at 200 (beaten: 80 counts), 84 at 300: halfway between 200 and 300 lies 82.
    assert best_static((100, 200, 300), (80.0, 79.0, 84.0), 250) == pytest.approx(82.0)


def sweep(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["sweep", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_writes_a_sweep_and_prints_what_its_points_cost(bundle, images, tmp_path):
    measured = dataclasses.replace(profile(), bundle=bundle.info, series=(series(ms=(1.0, 1.5, 2.0)),), energy=energy())
    write_profile(measured, tmp_path / "pi.json")
    options = "--biases", "-1000,0,1000", "--profile", tmp_path / "pi.json", "--plot", tmp_path / "a.png"
    said = sweep(bundle.folder, images, "-o", tmp_path / "a.json", *options)
    found = read_sweep(tmp_path / "a.json")
    assert (found.images, found.bundle, found.source) == (24, bundle.info, f"{images.name}: 3 classes")
    assert [point.shares for point in found.dynamic][::2] == [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)]
    assert found.dynamic[0].accuracy == found.static_accuracy[2] and found.dynamic[2].accuracy == found.static_accuracy[0]
    cheapest = next(line for line in said.splitlines() if "0: 100.0" in line)
    assert "1.000" in cheapest and "2.000" in cheapest  # milliseconds and millijoules of path 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width > picture.height


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--biases", "1,two"], "--biases takes numbers"),
        (["--biases", "nan"], "--biases takes numbers"),
        (["--profile", "none.json"], "no such file"),
        (["--backend", "fast"], "no backend is called 'fast'"),
    ],
)
def test_bad_options_are_refused_before_any_work(bundle, images, tmp_path, options, said):
    with pytest.raises(DsnetError, match=said):
        sweep(bundle.folder, images, "-o", tmp_path / "a.json", *options)
    assert not (tmp_path / "a.json").exists()


def test_one_unreadable_photo_ends_the_sweep_with_its_name(bundle, images, tmp_path):
    (tmp_path / "class 1").mkdir()
    (tmp_path / "class 1" / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        sweep(bundle.folder, tmp_path, "-o", tmp_path / "a.json")
