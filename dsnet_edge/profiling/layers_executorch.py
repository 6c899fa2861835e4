"""The layers of the `executorch` backend: every operator that XNNPACK runs, from the event trace (ETDump) of torch's binding.

XNNPACK fuses and splits, and does not tell which op of ours an operator belongs to: its layers have no costs. It counts in
microseconds, so many a layer takes 0.
"""

from __future__ import annotations

import statistics
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.errors import BundleError, require
from dsnet_edge.profile.values import Layer, PathLayers
from dsnet_edge.profiling.rounds import path_rounds
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.executorch import ExecutorchBackend
from dsnet_edge.runtime.executorch_torch import TorchBinding, TorchGraph, TorchProgram
from dsnet_edge.runtime.golden import read_images
from dsnet_edge.runtime.quiet import quiet_stderr

_MOST_ROUNDS = 200  # a trace is held in memory until it is read
_PORTABLE = "native_call_"  # what the events of ops are called that are not XNNPACK's


def measure_executorch(bundle: Bundle, paths: Sequence[int], threads: int, seconds: float) -> tuple[PathLayers, ...]:
    """MissingExtraError where torch or ExecuTorch is not installed; DsnetError where another runner keeps the thread pool."""
    binding, image = TracingBinding(bundle.precision), read_images(bundle)[0]
    backend = ExecutorchBackend(bundle, threads, binding)

    def run(path: int) -> None:
        feature = backend.prefix(image)
        _, attention = backend.gate(feature)
        backend.suffix(feature, attention, path)

    for path in paths:
        run(path)
    warm = Counter(stage for path in paths for stage in bundle.stages.of_path(path))
    for path in path_rounds(tuple(dict.fromkeys(paths)), seconds, _MOST_ROUNDS):
        run(path)
    with tempfile.TemporaryDirectory(prefix="dsnet-edge-trace-") as folder:
        traces = {stage: binding.trace(stage, FilePath(folder) / f"{stage}.etdp") for stage in warm}
    layers = {
        stage: tuple(_layer(event, stage.partition("_")[0], warm[stage]) for event in events) for stage, events in traces.items()
    }
    by_path = {path: sum((layers[stage] for stage in bundle.stages.of_path(path)), ()) for path in paths}
    return tuple(PathLayers("executorch", threads, path, own) for path, own in by_path.items())


def _layer(event: Any, segment: str, warm: int) -> Layer:
    """The name is XNNPACK's, such as `Convolution (NHWC, F32) DWConv #2`: the second of its kind in a stage."""
    name = str(event.name)
    kind = name.removeprefix(_PORTABLE).partition(" (")[0].partition(" #")[0]
    return Layer(name, kind, segment, max(0.0, statistics.median(event.perf_data.raw[warm:])), madds=0, bytes=0)


class TracingBinding(TorchBinding):
    """Loads every method from a program of its own: the events of a trace do not say which method they belong to."""

    def __init__(self, precision: str) -> None:
        super().__init__(precision)
        with quiet_stderr():
            self.inspector = require("executorch.devtools", "executorch").Inspector
        self.programs: dict[str, Any] = {}  # by method

    def open(self, file: FilePath) -> TracedProgram:
        return TracedProgram(self, super().open(file).program, file)

    def trace(self, method: str, file: FilePath) -> list[Any]:
        """The events of all runs of a method so far, one an operator, in order. `file` is for ExecuTorch to write."""
        with quiet_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no trace of the values
            self.programs[method].write_etdump_result_to_file(str(file))
            blocks = self.inspector(etdump_path=str(file)).event_blocks
        events = [event for block in blocks if block.name == "Execute" for event in block.events]
        found = [event for event in events if event.is_delegated_op or event.name.startswith(_PORTABLE)]
        if not found:
            raise BundleError(
                f"method {method}: ExecuTorch traced no operator of it; install the release that converted the bundle"
            )
        return found


class TracedProgram(TorchProgram):
    def __init__(self, binding: TracingBinding, program: Any, file: FilePath) -> None:
        super().__init__(binding, program)
        self.file, self.programs = file, binding.programs

    def load(self, method: str) -> TorchGraph:
        with quiet_stderr():
            program = self.binding.pool._load_program(str(self.file), enable_etdump=True)
            loaded = program.load_method(method)
        self.programs[method] = program
        return TorchGraph(self.binding.torch, loaded, contiguous=self.binding.int8 and method != "prefix")
