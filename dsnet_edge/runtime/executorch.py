"""The `executorch` backend: one multi-method `model.pte` or a `.pte` a stage, in float32, float16 or int8."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Protocol
from weakref import WeakSet

import numpy as np

from dsnet_edge.errors import BundleError, DsnetError, MissingExtraError, require_installed
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.executorch_own import OwnBinding
from dsnet_edge.runtime.executorch_torch import TorchBinding
from dsnet_edge.runtime.staged import Graph, StagedBackend, check_signature, stage_files

_open: WeakSet[ExecutorchBackend] = WeakSet()  # those that the process's thread pool serves


class MethodGraph(Graph, Protocol):
    """Takes and gives arrays in the shape of the method (NCHW), whatever their strides."""

    @property
    def signature(self) -> tuple[int, int]:
        """How many tensors it takes and gives."""
        ...


class Program(Protocol):
    @property
    def methods(self) -> Collection[str]: ...

    def load(self, method: str) -> MethodGraph: ...


class Binding(Protocol):
    """A way to ExecuTorch. What it refuses is a RuntimeError."""

    @property
    def runtime(self) -> str: ...

    def threads(self) -> int: ...

    def set_threads(self, threads: int) -> None: ...

    def open(self, file: FilePath) -> Program: ...


def find_binding(precision: str) -> Binding:
    """Our own where it was built for the ExecuTorch that is installed, else torch's; MissingExtraError where neither loads."""
    require_installed("executorch.version", "executorch")
    try:
        return OwnBinding()
    except ImportError as reason:
        try:
            return TorchBinding(precision)
        except MissingExtraError as error:
            raise MissingExtraError(f"{reason}, and {error}") from error


class ExecutorchBackend(StagedBackend):
    """ExecuTorch has one thread pool a process, and exchanging it under a loaded method hangs the method's next call. So backends
    that are open at the same time must agree on `threads`; DsnetError if they do not.
    """

    def __init__(self, bundle: Bundle, threads: int, binding: Binding | None = None) -> None:
        super().__init__(bundle)
        self.bundle = bundle
        self.binding = binding or find_binding(bundle.precision)
        self.runtime = self.binding.runtime
        self._use(threads)
        entry = bundle.backend_files("executorch")
        self.files = dict.fromkeys(self.stages.all(), entry["file"]) if "file" in entry else stage_files(bundle, "executorch")
        self.programs: dict[str, Program] = {}
        for stage in self.stages.before_choices():
            self.graph(stage)
        _open.add(self)

    def open(self, stage: str) -> MethodGraph:
        file = self.bundle.folder / self.files[stage]
        program = self._program(self.files[stage])
        with _failing(file, stage):
            graph = program.load(stage)
        check_signature(file, self.stages.signature(stage), graph.signature)
        return graph

    def enter(self, image: np.ndarray) -> np.ndarray:
        """The image's NHWC memory is what the prefix wants (NCHW, channels_last), so nothing is transposed."""
        return image[None].transpose(0, 3, 1, 2)

    def leave(self, vector: np.ndarray) -> np.ndarray:
        return vector[0].astype(np.float32, copy=False)

    def _call(self, stage: str, *inputs: np.ndarray) -> list[np.ndarray]:
        with _failing(self.bundle.folder / self.files[stage], stage):
            return super()._call(stage, *inputs)

    def _use(self, threads: int) -> None:
        if (current := self.binding.threads()) == threads:
            return
        if _open:
            raise DsnetError(
                f"ExecuTorch has one thread pool a process, and an open runner uses {current} threads, this one asks for "
                f"{threads}; ask for {current}, or run it in another process"
            )
        self.binding.set_threads(threads)

    def _program(self, name: str) -> Program:
        if name not in self.programs:
            file = self.bundle.file(name)
            try:
                program = self.binding.open(file)
            except RuntimeError as error:
                raise BundleError(f"{file}: not a valid ExecuTorch program ({error}); convert it again") from error
            expected = {stage for stage, file in self.files.items() if file == name}
            if missing := expected.difference(program.methods):
                raise BundleError(f"{file}: has no method {min(missing)}, expected one a path of the manifest; convert it again")
            self.programs[name] = program
        return self.programs[name]


@contextmanager
def _failing(file: FilePath, stage: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise BundleError(f"{file}: method {stage} failed ({error}); convert it again") from error
