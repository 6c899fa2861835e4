"""What LiteRT's graphs take and give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Tensor:
    """float32, or int8 with `real = scale * (q - zero_point)`."""

    array: np.ndarray
    scale: float = 0.0  # 0 where it is float32
    zero_point: int = 0

    def real(self) -> np.ndarray:
        if not self.scale:
            return self.array
        return np.float32(self.scale) * (self.array.astype(np.float32) - np.float32(self.zero_point))

    def to(self, scale: float, zero_point: int) -> np.ndarray:
        """The array in another quantisation; itself where that is the same."""
        if self.zero_point == zero_point and abs(self.scale - scale) <= 1e-4 * scale:
            return self.array
        real = self.real()
        return np.clip(np.rint(real / np.float32(scale)) + zero_point, -128, 127).astype(np.int8) if scale else real


@dataclass(frozen=True)
class Slot:
    """A place for a tensor at the boundary of a graph."""

    name: str  # in the signature
    index: int  # in the interpreter
    shape: tuple[int, ...]
    dtype: type[np.generic]
    scale: float
    zero_point: int

    def fit(self, tensor: Tensor) -> np.ndarray:
        """The tensor's array as this place takes it. ValueError where its shape is another."""
        if tensor.array.shape != self.shape:
            raise ValueError(f"{self.name} takes {list(self.shape)}, found {list(tensor.array.shape)}")
        return tensor.to(self.scale, self.zero_point)

    def tensor(self, array: np.ndarray) -> Tensor:
        return Tensor(array, self.scale, self.zero_point)


@dataclass(frozen=True)
class Signature:
    """Its slots are in the order of docs/bundle.md: the converter names them `args_0`, `args_1` and `output_0`, `output_1`."""

    name: str
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]


def signatures_of(interpreter: Any) -> dict[str, Signature]:
    """Every signature of the file that an interpreter has read, by name. ValueError where one is not ours to run."""
    found = {}
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        found[name] = Signature(name, _slots(runner.get_input_details()), _slots(runner.get_output_details()))
    return found


def _slots(details: dict[str, dict[str, Any]]) -> tuple[Slot, ...]:
    slots = []
    for name, detail in sorted(details.items()):
        scale, zero_point = detail["quantization"]
        dtype, expected = detail["dtype"], np.int8 if scale else np.float32
        if dtype is not expected:
            raise ValueError(f"{name} is {np.dtype(dtype)} of scale {scale}, expected int8 with a scale or float32 without one")
        shape = tuple(int(size) for size in detail["shape"])
        slots.append(Slot(name, int(detail["index"]), shape, dtype, float(scale), int(zero_point)))
    return tuple(slots)
