"""The `litert` backend: a `.tflite` a stage, run by `ai_edge_litert` or, where that is not installed, `tflite_runtime`."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np

from dsnet_edge.errors import BundleError, MissingExtraError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.quiet import quiet_stderr


class LitertBackend:
    """Opens a path's file when the path is first taken: XNNPACK packs a copy of its weights then."""

    def __init__(self, bundle: Bundle, threads: int) -> None:
        self.bundle, self.threads = bundle, threads
        self.runtime = _runtime()
        files = bundle.backend_files("litert")
        self.suffixes: list[str] = files["suffixes"]
        if len(self.suffixes) != bundle.n_paths:
            found = f"{len(self.suffixes)} suffixes for {bundle.n_paths} paths"
            raise BundleError(f"{bundle.folder / 'manifest.json'}: backends.litert has {found}; convert it again")
        self.paths: dict[int, _Stage] = {}
        self.prefix_stage, self.gate_stage = self._open(files["prefix"], 1), self._open(files["gate"], 1)

    def prefix(self, image: np.ndarray) -> np.ndarray:
        return self.prefix_stage(image[None])[0]

    def gate(self, feature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores, attention = self.gate_stage(feature)
        return scores[0], attention

    def suffix(self, feature: np.ndarray, attention: np.ndarray, path: int) -> np.ndarray:
        if path not in self.paths:
            self.paths[path] = self._open(self.suffixes[path], 2)
        return self.paths[path](feature, attention)[0][0]

    def _open(self, name: str, n_inputs: int) -> _Stage:
        file = self.bundle.file(name)
        try:
            with quiet_stderr():
                stage = _Stage(self.runtime.Interpreter(model_path=str(file), num_threads=self.threads))
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"{file}: not a valid LiteRT model ({error}); convert it again") from error
        if len(stage.inputs) != n_inputs:
            raise BundleError(f"{file}: takes {len(stage.inputs)} tensors, expected {n_inputs}; convert it again")
        return stage


class _Stage:
    """An interpreter as a function from arrays to arrays."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self.interpreter = interpreter
        self.inputs = _indices(interpreter.get_input_details())
        self.outputs = _indices(interpreter.get_output_details())

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        for index, array in zip(self.inputs, inputs, strict=True):
            self.interpreter.set_tensor(index, array)
        self.interpreter.invoke()
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
