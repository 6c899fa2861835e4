"""LiteRT's interpreter, from whichever package brings one."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.errors import DsnetError, MissingExtraError, require
from dsnet_edge.runtime.litert_tensor import Signature, Tensor
from dsnet_edge.runtime.staged import Graph


@dataclass(frozen=True)
class Package:
    """A package with an `Interpreter` class."""

    name: str
    version: str
    interpreter: Any

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()

    def read(self, file: FilePath, threads: int) -> Any:
        """An interpreter that has checked the file, and packed nothing yet. ValueError where the file is no model."""
        try:
            return self.interpreter(model_path=str(file), num_threads=threads)
        except SystemError as error:  # tflite_runtime, which is built for NumPy 1 and ends with 2.14
            raise DsnetError(
                f"{self} cannot work with NumPy {np.__version__}; install numpy<2, or ai-edge-litert instead"
            ) from error


def find_package() -> Package:
    """`ai_edge_litert`, else `tflite_runtime`, else `tensorflow`. MissingExtraError where there is none of them."""
    try:
        return _package("ai_edge_litert", require("ai_edge_litert.interpreter", "litert"))
    except MissingExtraError:
        with suppress(ImportError):
            return _package("tflite_runtime", importlib.import_module("tflite_runtime.interpreter"))
        with suppress(ImportError):
            return _package("tensorflow", importlib.import_module("tensorflow").lite)  # an attribute, no module of that name
        raise


def _package(name: str, module: Any) -> Package:
    return Package(name, getattr(importlib.import_module(name), "__version__", ""), module.Interpreter)


class InterpretedFile:
    """A file whose graphs an interpreter runs. All signatures of a file are packed when the first of them is used."""

    def __init__(self, package: Package, interpreter: Any, signatures: Mapping[str, Signature]) -> None:
        self.runtime = f"{package} Interpreter"
        self.interpreter, self.signatures = interpreter, signatures

    def graph(self, signature: str) -> Graph:
        if len(self.signatures) > 1:
            return _OneOfMany(self.interpreter.get_signature_runner(signature), self.signatures[signature])
        return _Single(self.interpreter, self.signatures[signature])


class _Single:
    def __init__(self, interpreter: Any, signature: Signature) -> None:
        interpreter.allocate_tensors()
        self.interpreter, self.signature = interpreter, signature
        self.invoke = interpreter.invoke

    def put(self, *inputs: Tensor) -> None:
        for slot, tensor in zip(self.signature.inputs, inputs, strict=True):
            self.interpreter.set_tensor(slot.index, slot.fit(tensor))

    def take(self) -> list[Tensor]:
        return [slot.tensor(self.interpreter.get_tensor(slot.index)) for slot in self.signature.outputs]


class _OneOfMany:
    """The interpreter has no call for the graph alone: `invoke` copies inputs and outputs, too."""

    def __init__(self, runner: Any, signature: Signature) -> None:
        self.runner, self.signature = runner, signature
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}

    def put(self, *inputs: Tensor) -> None:
        self.inputs = {slot.name: slot.fit(tensor) for slot, tensor in zip(self.signature.inputs, inputs, strict=True)}

    def invoke(self) -> None:
        self.outputs = self.runner(**self.inputs)

    def take(self) -> list[Tensor]:
        return [slot.tensor(self.outputs[slot.name]) for slot in self.signature.outputs]


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())
