"""The `litert` backend: a `.tflite` a stage, run by `ai_edge_litert` or, where that is not installed, `tflite_runtime`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from dsnet_edge.errors import BundleError, MissingExtraError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.quiet import quiet_stderr
from dsnet_edge.runtime.staged import StagedBackend, check_signature, stage_files


class LitertBackend(StagedBackend):
    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__()
        self.bundle, self.threads = bundle, threads
        self.library = _runtime()
        self.files = stage_files(bundle, "litert")
        for stage in ("prefix", "gate"):
            self.graph(stage)

    def open(self, stage: str) -> _Interpreter:
        file = self.bundle.file(self.files[stage])
        try:
            with quiet_stderr():
                graph = _Interpreter(self.library.Interpreter(model_path=str(file), num_threads=self.threads))
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"{file}: not a valid LiteRT model ({error}); convert it again") from error
        check_signature(file, stage, len(graph.inputs), len(graph.outputs))
        return graph

    def enter(self, image: np.ndarray) -> Tensor:
        return Tensor(image[None])

    def leave(self, vector: Tensor) -> np.ndarray:
        return vector.real()[0]


@dataclass(frozen=True)
class Tensor:
    """What graphs take and give: float32, or int8 with `real = scale * (q - zero_point)`."""

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


class _Interpreter:
    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self.interpreter = interpreter
        self.invoke = interpreter.invoke
        self.inputs = _slots(interpreter.get_input_details())
        self.outputs = _slots(interpreter.get_output_details())

    def put(self, *inputs: Tensor) -> None:
        for slot, tensor in zip(self.inputs, inputs, strict=True):
            self.interpreter.set_tensor(slot.index, tensor.to(slot.scale, slot.zero_point))

    def take(self) -> list[Tensor]:
        return [Tensor(self.interpreter.get_tensor(slot.index), slot.scale, slot.zero_point) for slot in self.outputs]


@dataclass(frozen=True)
class _Slot:
    index: int
    scale: float
    zero_point: int


def _slots(details: list[dict[str, Any]]) -> list[_Slot]:
    """In the order of the signature: the converter names tensors `args_0`, `args_1` and `output_0`, `output_1`."""
    details = sorted(details, key=lambda detail: str(detail["name"]))
    return [_Slot(int(detail["index"]), *detail["quantization"]) for detail in details]


def _runtime() -> ModuleType:
    try:
        return require("ai_edge_litert.interpreter", "litert")
    except MissingExtraError:
        try:
            return importlib.import_module("tflite_runtime.interpreter")
        except ImportError:
            pass
        raise
