"""The `executorch` backend: one multi-method `model.pte`, run by ExecuTorch's Python binding (which needs torch)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from dsnet_edge.errors import BundleError, DsnetError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.quiet import quiet_stderr

if TYPE_CHECKING:
    from torch import Tensor

_open: WeakSet[ExecutorchBackend] = WeakSet()  # those that the process's thread pool serves


class ExecutorchBackend:
    """Loads a method when it is first called: XNNPACK packs a copy of a method's weights then, so unused paths cost nothing.

    ExecuTorch has one thread pool a process, and exchanging it under a loaded method hangs the method's next call. So backends
    that are open at the same time must agree on `threads`; DsnetError if they do not.
    """

    def __init__(self, bundle: Bundle, threads: int) -> None:
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
        expected = {"prefix", "gate", *(_suffix(path) for path in range(bundle.n_paths))}
        if missing := expected - self.program.method_names:
            raise BundleError(f"{self.file}: has no method {min(missing)}, expected one a path of the manifest; convert it again")
        self.methods: dict[str, Any] = {}
        _open.add(self)

    def prefix(self, image: np.ndarray) -> Tensor:
        """The image's NHWC memory is what the program wants (NCHW, channels_last), so nothing is copied."""
        return self._run("prefix", self.torch.from_numpy(image)[None].permute(0, 3, 1, 2))[0]

    def gate(self, feature: Tensor) -> tuple[np.ndarray, Tensor]:
        scores, attention = self._run("gate", feature)
        return scores.numpy()[0], attention

    def suffix(self, feature: Tensor, attention: Tensor, path: int) -> np.ndarray:
        return self._run(_suffix(path), feature, attention)[0].numpy()[0]

    def _run(self, name: str, *inputs: Tensor) -> list[Tensor]:
        try:
            if name not in self.methods:
                with quiet_stderr():
                    self.methods[name] = self.program.load_method(name)
            outputs = self.methods[name].execute(inputs)
        except RuntimeError as error:
            raise BundleError(f"{self.file}: method {name} failed ({error}); convert it again") from error
        return [output.clone() for output in outputs]  # the methods of a program share their output memory


def _suffix(path: int) -> str:
    return f"suffix_{path:02}"
