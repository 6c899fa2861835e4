"""The native runtime (native/python/module.cpp), thin over its C ABI (native/include/dsnet.h)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

class Error(RuntimeError):
    """A failure of the runtime: one line naming the cause, and the `dsnet_status` of dsnet.h."""

    status: int

def big_cores() -> list[int]:
    """The big cores this thread may use, fastest first, one hardware thread each."""

def measure_peaks(precision: str, isa: str | None = None) -> tuple[float, float]:
    """What one core can do at most with the kernels of an instruction set: 10^9 multiply-adds a second from registers, and
    10^9 bytes a second read from memory. Takes half a second, and up to 512 MiB meanwhile."""

class Model:
    """A model.dsnet file, mapped and validated but for the values of its weight panels. Any number of sessions may share it.

    `strategy` is slicing, or, for comparison, masking or indexing (dsnet.h).
    """

    def __init__(self, filename: str, strategy: str = "slicing") -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def n_paths(self) -> int: ...
    @property
    def n_gates(self) -> int: ...
    @property
    def n_classes(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def arena_address(self) -> int: ...
    @property
    def arena_bytes(self) -> int: ...
    @property
    def activation_bytes(self) -> int: ...
    @property
    def op_count(self) -> int: ...
    def check(self) -> None:
        """Validates the values of the weight panels, which opening leaves unread; raises Error."""
    def op_weights(self, op: int, path: int) -> tuple[int, int]:
        """Address and extent of what a path reads of an op's weights; (0, 0) where the op has none."""
    def ops(self, path: int) -> list[tuple[str, str, str, int, int]]:
        """Name, kind, segment, multiply-adds and bytes (of weights and values, each once) of every op on a path."""

class Session:
    """Activations and threads to run a model; for one thread at a time. Keeps the model alive."""

    def __init__(self, model: Model, threads: int = 1, isa: str | None = None, cores: Sequence[int] = ()) -> None:
        """`isa` is scalar, avx2, avx512, neon, or None for the best this CPU has.

        With `cores`, one thread a core: the caller stands for the first, the others are pinned to the rest.
        """

    @property
    def isa(self) -> str:
        """The kernels that run the model: an instruction set, or a variant of it such as avx512-vnni or neon-fp16."""

    def prefix(self, image: NDArray[np.float32]) -> None:
        """Runs the prefix on a normalised image [height, width, 3]."""

    def gate(self) -> NDArray[np.float32]:
        """The scores of the gate that is due, one a choice."""

    def segment(self, choice: int) -> None:
        """Goes on by a choice of the gate that has run, up to the next gate."""

    def suffix(self, path: int) -> NDArray[np.float32]:
        """The logits of one path, behind the last gate; may be called for several paths on the same features."""

    def run(
        self, image: NDArray[np.float32], path: int = -1
    ) -> tuple[NDArray[np.float32], int, NDArray[np.float32], tuple[float, float, float]]:
        """All of them: logits, the path taken (-1 lets the gates choose), the scores of all gates, and (prefix_ms, gate_ms,
        suffix_ms)."""

    def op_times(self, image: NDArray[np.float32], path: int) -> list[float]:
        """The milliseconds of every op, in the order of `Model.ops`, in one run of all stages."""
