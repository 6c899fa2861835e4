"""The `litert` backend: a `.tflite` a stage, run by `ai_edge_litert` or, where that is not installed, `tflite_runtime`."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np

from dsnet_edge.errors import BundleError, MissingExtraError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.quiet import quiet_stderr
from dsnet_edge.runtime.staged import StagedBackend, suffix_stage


class LitertBackend(StagedBackend):
    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__()
        self.bundle, self.threads = bundle, threads
        self.runtime = _runtime()
        files = bundle.backend_files("litert")
        suffixes: list[str] = files["suffixes"]
        if len(suffixes) != bundle.n_paths:
            found = f"{len(suffixes)} suffixes for {bundle.n_paths} paths"
            raise BundleError(f"{bundle.folder / 'manifest.json'}: backends.litert has {found}; convert it again")
        self.files: dict[str, str] = {"prefix": files["prefix"], "gate": files["gate"]}
        self.files |= {suffix_stage(path): name for path, name in enumerate(suffixes)}
        for stage in ("prefix", "gate"):
            self.graph(stage)

    def open(self, stage: str) -> _Interpreter:
        file = self.bundle.file(self.files[stage])
        try:
            with quiet_stderr():
                graph = _Interpreter(self.runtime.Interpreter(model_path=str(file), num_threads=self.threads))
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"{file}: not a valid LiteRT model ({error}); convert it again") from error
        n_inputs = 2 if stage.startswith("suffix") else 1
        if len(graph.inputs) != n_inputs:
            raise BundleError(f"{file}: takes {len(graph.inputs)} tensors, expected {n_inputs}; convert it again")
        return graph

    def enter(self, image: np.ndarray) -> np.ndarray:
        return image[None]

    def leave(self, vector: np.ndarray) -> np.ndarray:
        return vector[0]


class _Interpreter:
    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self.interpreter = interpreter
        self.invoke = interpreter.invoke
        self.inputs = _indices(interpreter.get_input_details())
        self.outputs = _indices(interpreter.get_output_details())

    def put(self, *inputs: np.ndarray) -> None:
        for index, array in zip(self.inputs, inputs, strict=True):
            self.interpreter.set_tensor(index, array)

    def take(self) -> list[np.ndarray]:
        return [self.interpreter.get_tensor(index) for index in self.outputs]


def _indices(details: list[dict[str, Any]]) -> list[int]:
    """In the order of the signature: the converter names tensors `args_0`, `args_1` and `output_0`, `output_1`."""
    return [int(detail["index"]) for detail in sorted(details, key=lambda detail: str(detail["name"]))]


def _runtime() -> ModuleType:
    try:
        return require("ai_edge_litert.interpreter", "litert")
    except MissingExtraError:
        try:
            return importlib.import_module("tflite_runtime.interpreter")
        except ImportError:
            pass
        raise
