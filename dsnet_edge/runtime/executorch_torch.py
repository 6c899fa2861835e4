"""ExecuTorch through the binding in its wheel, which needs torch."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.errors import require
from dsnet_edge.runtime.quiet import quiet_stderr

_TYPES = {5: np.float16, 6: np.float32, 1: np.int8}  # by the number of torch's scalar type


class TorchBinding:
    """Raises MissingExtraError where torch or ExecuTorch is not installed."""

    def __init__(self, precision: str) -> None:
        with quiet_stderr():
            self.torch = require("torch", "executorch")
            self.library = require("executorch.runtime", "executorch")
            self.pool = require("executorch.extension.pybindings.portable_lib", "executorch")
            version = require("executorch.version", "executorch").__version__
        self.int8 = precision == "int8"
        self.runtime = f"executorch {version.partition('+')[0]} through torch"

    def threads(self) -> int:
        with quiet_stderr():
            return self.pool._threadpool_get_thread_count()

    def set_threads(self, threads: int) -> None:
        with quiet_stderr():
            self.pool._unsafe_reset_threadpool(threads)

    def open(self, file: FilePath) -> TorchProgram:
        with quiet_stderr():
            return TorchProgram(self, self.library.Runtime.get().load_program(str(file)))


class TorchProgram:
    def __init__(self, binding: TorchBinding, program: Any) -> None:
        self.binding, self.program, self.methods = binding, program, program.method_names

    def load(self, method: str) -> TorchGraph:
        with quiet_stderr():
            loaded = self.program.load_method(method)._method  # the public wrapper has no separate steps
        return TorchGraph(self.binding.torch, loaded, contiguous=self.binding.int8 and method != "prefix")


class TorchGraph:
    """`contiguous` where the converter had to make the method take NCHW without channels_last (dsnet_convert/executorch.py), of
    which this binding cannot tell.
    """

    def __init__(self, torch: Any, method: Any, contiguous: bool) -> None:
        self.torch, self.method, self.contiguous = torch, method, contiguous
        self.invoke = method.execute
        meta = method.method_meta()
        self.signature = meta.num_inputs(), meta.num_outputs()
        self.types = [_TYPES[meta.input_tensor_meta(index).dtype()] for index in range(meta.num_inputs())]

    def put(self, *inputs: np.ndarray) -> None:
        arrays = [array.astype(dtype, copy=False) for array, dtype in zip(inputs, self.types, strict=True)]
        tensors = [self.torch.from_numpy(array) for array in arrays]
        self.method.set_inputs([tensor.contiguous() for tensor in tensors] if self.contiguous else tensors)

    def take(self) -> list[np.ndarray]:
        outputs = self.method.get_outputs(clone_outputs=True)  # the methods of a program share their output memory
        return [output.numpy() for output in outputs]
