"""ExecuTorch through our own binding (native/executorch/module.cpp), which needs the wheel of ExecuTorch but not torch."""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dsnet_edge import _executorch


class OwnBinding:
    """Raises ImportError where it was not built, or not for the ExecuTorch that is installed."""

    def __init__(self) -> None:
        self.native = _load()
        self.runtime = f"executorch {self.native.version.partition('+')[0]}, own binding"
        self.threads, self.set_threads = self.native.threads, self.native.set_threads

    def open(self, file: FilePath) -> OwnProgram:
        return OwnProgram(self.native.Program(str(file)))


class OwnProgram:
    def __init__(self, program: _executorch.Program) -> None:
        self.program, self.methods = program, program.method_names

    def load(self, method: str) -> OwnGraph:
        return OwnGraph(self.program.load(method))


class OwnGraph:
    def __init__(self, method: _executorch.Method) -> None:
        self.method, self.inputs, self.invoke = method, method.inputs, method.execute
        self.signature = len(self.inputs), len(method.outputs)

    def put(self, *inputs: np.ndarray) -> None:
        """Copies arrays of the graph's shape, whatever their strides; floats of another width are rounded to the graph's."""
        for index, (buffer, array) in enumerate(zip(self.inputs, inputs, strict=True)):
            if (array.shape, array.dtype.kind) != (buffer.shape, buffer.dtype.kind):
                raise RuntimeError(f"input {index}: expected {_describe(buffer)}, found {_describe(array)}")
            np.copyto(buffer, array, casting="same_kind")
        self.method.set_inputs()

    def take(self) -> list[np.ndarray]:
        return [output.copy(order="K") for output in self.method.outputs]


def _describe(array: np.ndarray) -> str:
    return f"{array.dtype} {list(array.shape)}"


def _load() -> Any:
    """The extension module. It finds the libraries that it needs in memory: those of the ExecuTorch that Python would import,
    which torch's binding uses too. A second copy would register XNNPACK twice.
    """
    version: Any = importlib.import_module("executorch.version")
    try:
        ctypes.CDLL(str(FilePath(version.__file__).parent / "lib" / "libexecutorch_backend_xnnpack.so"))
        native = importlib.import_module("dsnet_edge._executorch")
    except ModuleNotFoundError:
        raise ImportError("dsnet-edge was built without ExecuTorch") from None
    except (ImportError, OSError) as error:
        raise ImportError(f"dsnet-edge was built for another executorch ({error})") from error
    installed = version.__version__
    if native.version != installed:
        raise ImportError(f"dsnet-edge was built for executorch {native.version}, found {installed}")
    return native
