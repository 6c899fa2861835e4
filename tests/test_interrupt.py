"""Ctrl-C, SIGTERM and the loss of a worker, at every moment of a conversion."""

from __future__ import annotations

import os
import signal
from pathlib import Path as FilePath

import pytest
from converting import Conversion, Workplace, contents

from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.signals import undisturbed


@pytest.fixture
def place(tmp_path: FilePath) -> Workplace:
    return Workplace.make(tmp_path)


def halting(place: Workplace, module: str, name: str, after: bool = False) -> str:
    """Code that makes a function of the converter halt, before or after its work, until the test lets it go on."""
    halt = f"""pathlib.Path({str(place.folder / "halted")!r}).touch()
    while not pathlib.Path({str(place.folder / "go on")!r}).exists():
        time.sleep(0.02)"""
    work = "found = real(*given)"
    return f"""
import pathlib, time, {module} as module
real = module.{name}
def slow(*given):
    {work if after else halt}
    {halt if after else work}
    return found
module.{name} = slow
"""


def wait_until_halted(place: Workplace, conversion: Conversion) -> None:
    conversion.wait_for((place.folder / "halted").exists)


def go_on(place: Workplace) -> None:
    (place.folder / "go on").touch()


BY_TERMINAL, ALONE = (signal.SIGINT, True), (signal.SIGTERM, False)


@pytest.mark.parametrize(("number", "group"), [BY_TERMINAL, ALONE])
def test_while_the_workers_import(place: Workplace, number: signal.Signals, group: bool) -> None:
    conversion = Conversion(place, place.checkpoint, "--to", "executorch,litert")
    conversion.wait_for(lambda: len(conversion.workers()) == min(2, len(os.sched_getaffinity(0))))
    conversion.send(number, group)
    assert conversion.finish() == (128 + number, f"interrupted: {place.bundle} is what it was\n")
    place.assert_untouched()


@pytest.mark.parametrize(("number", "group"), [BY_TERMINAL, ALONE])
def test_in_the_middle_of_the_stages(place: Workplace, number: signal.Signals, group: bool) -> None:
    conversion = Conversion(place, place.checkpoint, "--to", "onnx,executorch")
    conversion.wait_for(lambda: list(place.bundle.parent.glob(".bundle.staging-*/onnx/*.onnx")))
    conversion.send(number, group)
    assert conversion.finish() == (128 + number, f"interrupted: {place.bundle} is what it was\n")
    place.assert_untouched()


@pytest.mark.parametrize(("number", "group"), [BY_TERMINAL, ALONE, (signal.SIGHUP, False)])
@pytest.mark.parametrize("name", ["write_sliced", "golden_arrays", "make_manifest"])
def test_while_files_are_written(place: Workplace, number: signal.Signals, group: bool, name: str) -> None:
    patch = halting(place, "dsnet_convert.bundle", name, after=True)
    conversion = Conversion(place, place.checkpoint, "--to", "sliced", patch=patch)
    wait_until_halted(place, conversion)
    conversion.send(number, group)
    assert conversion.finish() == (128 + number, f"interrupted: {place.bundle} is what it was\n")
    place.assert_untouched()


def test_where_there_was_no_bundle(place: Workplace) -> None:
    output = place.folder / "new" / "deep" / "bundle"
    patch = halting(place, "dsnet_convert.bundle", "make_manifest")
    conversion = Conversion(place, place.checkpoint, "--to", "sliced", "-o", output, patch=patch)
    wait_until_halted(place, conversion)
    conversion.send(signal.SIGINT, group=True)
    assert conversion.finish() == (130, f"interrupted: {output} is not written\n")
    assert not (place.folder / "new").exists()
    place.assert_untouched()


@pytest.mark.parametrize("after", [False, True], ids=["before", "behind"])
def test_the_exchange_is_finished(place: Workplace, after: bool) -> None:
    """What comes while it goes on, even twice, comes too late, and the line says so."""
    patch = halting(place, "dsnet_convert.swap", "replace_folder", after)
    conversion = Conversion(place, place.checkpoint, "--to", "sliced", patch=patch)
    wait_until_halted(place, conversion)
    for number in (signal.SIGINT, signal.SIGTERM):
        conversion.send(number, group=True)
    go_on(place)
    code, error = conversion.finish()
    assert code in (130, 143)
    assert error == f"interrupted: {place.bundle} is written, and whole\n"
    assert [entry.name for entry in place.bundle.parent.iterdir()] == ["bundle"]
    bundle = open_bundle(place.bundle)
    assert bundle.labels == tuple("abcde")
    for name in bundle.manifest["files"]:
        bundle.file(name)
    assert list((place.folder / "tmp").iterdir()) == []


def test_nohup_is_heeded(place: Workplace) -> None:
    patch = halting(place, "dsnet_convert.bundle", "make_manifest")
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    conversion = Conversion(place, place.checkpoint, "--to", "sliced", patch=f"{ignore}\n{patch}")
    wait_until_halted(place, conversion)
    conversion.send(signal.SIGHUP, group=True)
    go_on(place)
    assert conversion.finish() == (0, "")
    assert contents(place.bundle.parent) != place.before


def test_a_worker_killed_for_its_memory_is_named(place: Workplace) -> None:
    conversion = Conversion(place, place.checkpoint, "--to", "executorch")
    conversion.wait_for(conversion.workers)
    for worker in conversion.workers():
        os.kill(worker, signal.SIGKILL)
    code, error = conversion.finish()
    assert code == 2
    assert error.startswith("error: converting executorch ")
    assert error.endswith(": its process was killed, as the system does for want of memory; free some and try again\n")
    assert error.count("\n") == 1
    place.assert_untouched()


def test_undisturbed_blocks_put_a_signal_off() -> None:
    events: list[str] = []
    previous = signal.signal(signal.SIGTERM, lambda number, frame: events.append("handled"))
    try:
        with undisturbed():
            signal.raise_signal(signal.SIGTERM)
            events.append("inside")
        assert events == ["inside", "handled"]
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, previous)
