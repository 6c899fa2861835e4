"""ExecuTorch's C++ runtime without torch (native/executorch/module.cpp); loads only after the wheel's libraries.

Whatever ExecuTorch refuses is a RuntimeError with its first complaint.
"""

import numpy as np

version: str  # of the ExecuTorch that it was built with, as executorch.version tells it

def threads() -> int:
    """Of the one pool that a process has."""

def set_threads(threads: int) -> None:
    """Exchanges the pool. A method that was loaded before hangs when it is executed."""

class Program:
    """A .pte file, mapped and verified. Methods keep it alive."""

    def __init__(self, filename: str) -> None: ...
    @property
    def method_names(self) -> set[str]: ...
    def load(self, method: str) -> Method:
        """Loads a method; XNNPACK packs a copy of its weights then."""

class Method:
    """One method of a program; for one thread at a time. Every array is float32, float16 or int8."""

    @property
    def inputs(self) -> list[np.ndarray]:
        """The buffers to write inputs to: their shape is the method's, their strides are its order of dimensions."""

    @property
    def outputs(self) -> list[np.ndarray]:
        """The memory of the outputs, read-only, with what the last `execute` left there."""

    def set_inputs(self) -> None:
        """Hands the inputs to the method."""

    def execute(self) -> None: ...
