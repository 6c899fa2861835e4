"""Disks that are full, at every file of a conversion, and folders that cannot be written."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path as FilePath

import pytest
from converting import Conversion, Workplace, contents, refused

from dsnet_edge import demo

_LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"
_LIMIT_OF_WORKERS = """
import resource, dsnet_convert.workers as module
class Limited(module._Process):
    def __init__(self, *given):
        resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, resource.RLIM_INFINITY))
        super().__init__(*given)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
module._Process = Limited
"""
# Without this capability root meets permissions like anyone else.
_AS_A_USER = ("setpriv", "--bounding-set=-dac_override")


@pytest.fixture
def place(tmp_path: FilePath) -> Workplace:
    return Workplace.make(tmp_path)


@pytest.mark.parametrize("missing", [1, 100, 5_000, 20_000])
def test_model_files_that_may_not_grow(place: Workplace, missing: int) -> None:
    """A limit of file sizes stands in for the end of the disk. The last bytes are those that NumPy loses without a word."""
    size = len(place.before["bundle/model.dsnet"])
    line = refused(place, place.checkpoint, "--to", "sliced", patch=_LIMIT.format(size - missing))
    assert line.startswith(f"{place.bundle}: the bundle cannot be written ([Errno 27] File too large")


def test_golden_files_that_may_not_grow(place: Workplace) -> None:
    """Of more photos than the model is large."""
    photo = demo.photos()[0]
    given = [word for _ in range(10) for word in ("--golden", photo)]
    line = refused(place, place.checkpoint, "--to", "sliced", *given, patch=_LIMIT.format(10 * 16 * 16 * 3 * 4))
    assert line.startswith(f"{place.bundle}: the bundle cannot be written ([Errno 27] File too large")


@pytest.mark.parametrize("target", ["onnx", "ncnn", "litert", "executorch"])
def test_files_of_workers_that_may_not_grow(place: Workplace, target: str) -> None:
    line = refused(place, place.checkpoint, "--to", target, patch=_LIMIT_OF_WORKERS.format(2_000))
    assert line.startswith(f"converting {target} ")
    assert "File too large" in line
    assert line.endswith("; free space, or choose another --output or TMPDIR")


def can_mount() -> bool:
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="this user may not mount a small disk in a namespace of its own")
class TestSmallDisk:
    """A file system of a few kB in the place of one of the folders, which this process cannot see into; so a shell looks."""

    def run(self, place: Workplace, small: str, kilobytes: int, *arguments: object) -> subprocess.CompletedProcess[str]:
        folder = place.folder / small
        words = [sys.executable, "-m", "dsnet_edge", "convert", place.checkpoint, "-o", place.bundle, *arguments]
        script = f"""
            cp -a {shlex.quote(str(folder))} {shlex.quote(str(folder))}.kept
            mount -t tmpfs -o size={kilobytes}k none {shlex.quote(str(folder))}
            cp -a {shlex.quote(str(folder))}.kept/. {shlex.quote(str(folder))}
            {shlex.join(map(str, words))}
            code=$?
            rm -rf {shlex.quote(str(folder))}.kept
            cp -a {shlex.quote(str(folder))} {shlex.quote(str(folder))}.seen
            exit $code
        """
        folders = {"TMPDIR": str(place.folder / "tmp"), "XDG_CACHE_HOME": str(place.folder / "cache")}
        return subprocess.run(
            ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False, env=os.environ | folders
        )

    @pytest.mark.parametrize(("targets", "kilobytes"), [("sliced", 60), ("onnx,executorch", 150)])
    def test_of_the_output(self, place: Workplace, targets: str, kilobytes: int) -> None:
        done = self.run(place, "output", kilobytes, "--to", targets, "--no-cache")
        assert done.returncode == 2, done.stderr
        assert "No space left on device" in done.stderr
        assert done.stderr.count("\n") == 1
        assert contents(place.folder / "output.seen") == place.before
        place.assert_untouched()

    @pytest.mark.parametrize("target", ["onnx", "executorch"])
    def test_of_temporary_files(self, place: Workplace, target: str) -> None:
        done = self.run(place, "tmp", 8, "--to", target, "--no-cache")
        assert done.returncode == 2, done.stderr
        assert "No space left on device" in done.stderr
        assert str(place.folder / "tmp") in done.stderr
        assert done.stderr.count("\n") == 1
        assert contents(place.folder / "tmp.seen") == {}
        place.assert_untouched()

    def test_of_the_cache_does_no_harm(self, place: Workplace) -> None:
        done = self.run(place, "cache", 16, "--to", "onnx")
        assert (done.returncode, done.stderr) == (0, "")
        assert (place.bundle / "onnx" / "suffix_02.onnx").is_file()
        seen = contents(place.folder / "cache.seen")
        assert all(len(name.partition(".")[2]) in (0, 64) for name in seen), "a partial entry was left"


def test_a_folder_that_may_not_be_written(place: Workplace) -> None:
    place.bundle.parent.chmod(0o555)
    try:
        line = refused(place, place.checkpoint, "--to", "sliced", prefix=_AS_A_USER)
        assert line.startswith(f"{place.bundle}: the bundle cannot be written ([Errno 13] Permission denied")
    finally:
        place.bundle.parent.chmod(0o755)


def test_places_where_no_bundle_can_be(place: Workplace) -> None:
    file = place.folder / "file"
    file.write_text("mine")
    (place.folder / "loop").symlink_to(place.folder / "loop")
    for output, reason in (
        (file, "exists and is not a bundle; choose another --output"),
        (file / "bundle", "the bundle cannot be written ([Errno 17] File exists"),
        (place.folder / "loop", "the bundle cannot be written ([Errno"),
        (place.folder / ("x" * 300), "the bundle cannot be written ([Errno 36] File name too long"),
    ):
        assert reason in refused(place, place.checkpoint, "--to", "sliced", "-o", output)
    assert file.read_text() == "mine"


def test_a_link_to_a_bundle_stays_one(place: Workplace) -> None:
    link = place.folder / "link"
    link.symlink_to(place.bundle)
    assert Conversion(place, place.checkpoint, "--to", "sliced", "-o", link).finish() == (0, "")
    assert link.is_symlink()
    assert (link / "labels.txt").read_text().splitlines() == list("abcde")
    assert [entry.name for entry in place.bundle.parent.iterdir()] == ["bundle"]


@pytest.mark.skipif(not FilePath("/dev/shm").is_dir(), reason="there is no second file system at hand")
def test_a_bundle_on_another_file_system(place: Workplace) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for _ in range(2):
            assert Conversion(place, place.checkpoint, "--to", "onnx", "-o", f"{folder}/deep/bundle").finish() == (0, "")
        assert [entry.name for entry in FilePath(folder).iterdir()] == ["deep"]
        assert [entry.name for entry in FilePath(folder, "deep").iterdir()] == ["bundle"]
    place.assert_untouched()


def test_what_appears_meanwhile_is_not_replaced(place: Workplace) -> None:
    """Someone's folder of the same name, made while the conversion ran."""
    output = place.folder / "thesis"
    patch = f"""
import pathlib, dsnet_convert.bundle as module
real = module.golden_arrays
def meanwhile(*given):
    pathlib.Path({str(output)!r}).mkdir()
    pathlib.Path({str(output / "thesis.tex")!r}).write_text("years of work")
    return real(*given)
module.golden_arrays = meanwhile
"""
    line = refused(place, place.checkpoint, "--to", "sliced", "-o", output, patch=patch)
    assert line.startswith(f"{output} exists and is not a bundle")
    assert contents(output) == {"thesis.tex": b"years of work"}
    assert list(place.folder.glob(".thesis*")) == []


def test_two_conversions_to_one_place_leave_one_whole_bundle(place: Workplace) -> None:
    from dsnet_edge.runtime.bundle import open_bundle

    both = [Conversion(place, place.checkpoint, "--to", targets) for targets in ("onnx", "ncnn")]
    assert [conversion.finish() for conversion in both] == [(0, ""), (0, "")]
    bundle = open_bundle(place.bundle)
    assert set(bundle.backends) in ({"sliced", "onnxruntime"}, {"sliced", "ncnn"})
    found = {entry.relative_to(place.bundle).as_posix() for entry in place.bundle.rglob("*") if entry.is_file()}
    assert found == {"manifest.json", *(str(bundle.file(name).relative_to(place.bundle)) for name in bundle.manifest["files"])}
    assert [entry.name for entry in place.bundle.parent.iterdir()] == ["bundle"]
