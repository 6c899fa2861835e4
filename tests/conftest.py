"""What every test shares."""

import os
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest

# Small matrices on a busy two-core machine: a second BLAS thread only spins. Set before NumPy is first imported.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


pytest_plugins = ("sshd", "adbd", "android_phone", "camera_site")  # stand-ins for devices; the page of a camera


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of a test's in the user's cache folder, and nothing of the user's in a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """A bundle of the tiny network for all three targets. Converted once; tests that change it take a copy."""
    from tiny import tiny_plan

    from dsnet_convert.bundle import write_bundle
    from dsnet_convert.targets import TARGETS

    folder = tmp_path_factory.mktemp("converted") / "bundle"
    write_bundle(tiny_plan(), folder, TARGETS, {"random_seed": 0})
    return folder


@pytest.fixture(scope="session")
def sliced_bundle(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """A bundle of the tiny network for our own runtime: what a device needs."""
    from tiny import tiny_plan

    from dsnet_convert.bundle import write_bundle

    folder = tmp_path_factory.mktemp("converted") / "sliced"
    write_bundle(tiny_plan(), folder, ["sliced"], {"random_seed": 0})
    return folder


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """Two seconds of the demo photos, moving, blurred and faded into each other."""
    from watching import script

    file = tmp_path_factory.mktemp("video") / "photos.mp4"
    script("scripts/make_video.py").write_video(file, size=(160, 120), seconds=0.3)
    return file
