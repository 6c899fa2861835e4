"""The `executorch` backend: one multi-method `model.pte`, run by ExecuTorch's Python binding (which needs torch)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from dsnet_edge.errors import BundleError, DsnetError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.quiet import quiet_stderr
from dsnet_edge.runtime.staged import StagedBackend, suffix_stage

if TYPE_CHECKING:
    from torch import Tensor

_open: WeakSet[ExecutorchBackend] = WeakSet()  # those that the process's thread pool serves


class ExecutorchBackend(StagedBackend):
    """ExecuTorch has one thread pool a process, and exchanging it under a loaded method hangs the method's next call. So backends
    that are open at the same time must agree on `threads`; DsnetError if they do not.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__()
        self.bundle = bundle
        self.file = bundle.file(bundle.backend_files("executorch")["file"])
        with quiet_stderr():
            self.torch = require("torch", "executorch")
            runtime = require("executorch.runtime", "executorch")
            library = require("executorch.extension.pybindings.portable_lib", "executorch")
            if (current := library._threadpool_get_thread_count()) != threads:
                if _open:
                    raise DsnetError(
                        f"ExecuTorch has one thread pool a process, and an open runner uses {current} threads, this one asks for "
                        f"{threads}; ask for {current}, or run it in another process"
                    )
                library._unsafe_reset_threadpool(threads)
            try:
                self.program = runtime.Runtime.get().load_program(str(self.file))
            except RuntimeError as error:
                raise BundleError(f"{self.file}: not a valid ExecuTorch program ({error}); convert it again") from error
        expected = {"prefix", "gate", *map(suffix_stage, range(bundle.n_paths))}
        if missing := expected - self.program.method_names:
            raise BundleError(f"{self.file}: has no method {min(missing)}, expected one a path of the manifest; convert it again")
        _open.add(self)

    def open(self, stage: str) -> _Method:
        with self._failing(stage), quiet_stderr():
            method = self.program.load_method(stage)._method  # the public wrapper has no separate steps
        return _Method(method, contiguous=self.bundle.precision == "int8" and stage != "prefix")

    def enter(self, image: np.ndarray) -> Tensor:
        """The image's NHWC memory is what the program wants (NCHW, channels_last), so nothing is copied."""
        return self.torch.from_numpy(image)[None].permute(0, 3, 1, 2)

    def leave(self, vector: Tensor) -> np.ndarray:
        return vector.numpy()[0]

    def _call(self, stage: str, *inputs: Tensor) -> list[Tensor]:
        with self._failing(stage):
            return super()._call(stage, *inputs)

    @contextmanager
    def _failing(self, stage: str) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise BundleError(f"{self.file}: method {stage} failed ({error}); convert it again") from error


class _Method:
    """`contiguous` where the converter had to make the method take NCHW without channels_last (dsnet_convert/executorch.py)."""

    def __init__(self, method: Any, contiguous: bool) -> None:
        self.method, self.contiguous = method, contiguous
        self.invoke = method.execute

    def put(self, *inputs: Tensor) -> None:
        self.method.set_inputs([tensor.contiguous() for tensor in inputs] if self.contiguous else inputs)

    def take(self) -> list[Tensor]:
        return self.method.get_outputs(clone_outputs=True)  # the methods of a program share their output memory
