"""LiteRT's CompiledModel: graphs that XNNPACK runs whole, with their packed weights mapped from a file (`weight_cache`)."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Mapping
from functools import cache
from math import prod
from pathlib import Path as FilePath
from types import ModuleType
from typing import Any

import numpy as np

from dsnet_edge.errors import BundleError, require
from dsnet_edge.runtime.litert_interpreter import Package, find_package, one_line
from dsnet_edge.runtime.litert_tensor import Signature, Tensor
from dsnet_edge.runtime.quiet import quiet_stderr, quiet_unloading
from dsnet_edge.runtime.staged import Graph
from dsnet_edge.runtime.weight_cache import packed_weights

# What packed weights depend on, beside the model and the runtime.
_CPU_FIELDS = ("vendor_id", "cpu family", "model", "flags", "Features", "CPU implementer", "CPU variant", "CPU part")


class CompiledFile:
    """Raises RuntimeError where CompiledModel does not take the file, or would leave a part of it to other kernels."""

    def __init__(self, package: Package, file: FilePath, sha256: str, signatures: Mapping[str, Signature], threads: int) -> None:
        key = hashlib.sha256(f"{sha256} {package} {_cpu()}".encode()).hexdigest()[:32]
        with packed_weights(key, lambda path: compile_model(file, threads, path)) as weights:
            self.model = compile_model(file, threads, weights)
        if not self.model.is_fully_accelerated():
            raise RuntimeError(f"{file}: XNNPACK does not run all of it")
        self.signatures = signatures
        self.runtime = f"{package} CompiledModel{', weight cache' if weights else ''}"

    def graph(self, signature: str) -> Graph:
        return _Compiled(self.model, self.signatures[signature])


class _Compiled:
    def __init__(self, model: Any, signature: Signature) -> None:
        self.model, self.signature = model, signature
        self.index = model.get_signature_index(signature.name)
        names = model.get_signature_list()[signature.name]
        self.inputs = dict(zip(names["inputs"], model.create_input_buffers(self.index), strict=True))
        self.outputs = dict(zip(names["outputs"], model.create_output_buffers(self.index), strict=True))
        self.buffers = list(self.inputs.values()), list(self.outputs.values())
        for slot in signature.inputs:  # the first write has LiteRT set up more of itself, and say so
            self.inputs[slot.name].write(np.zeros(slot.shape, slot.dtype))
        quiet_unloading()

    def put(self, *inputs: Tensor) -> None:
        for slot, tensor in zip(self.signature.inputs, inputs, strict=True):
            self.inputs[slot.name].write(slot.fit(tensor))

    def invoke(self) -> None:
        self.model.run_by_index(self.index, *self.buffers)

    def take(self) -> list[Tensor]:
        arrays = (self.outputs[slot.name].read(prod(slot.shape), slot.dtype) for slot in self.signature.outputs)
        return [slot.tensor(array.reshape(slot.shape)) for slot, array in zip(self.signature.outputs, arrays, strict=True)]


def compile_model(file: FilePath, threads: int, weights: str = "") -> Any:
    """A CompiledModel whose packed weights lie in the file `weights`, which is written where it is empty; in memory without."""
    library = require("ai_edge_litert.compiled_model", "litert")
    options = library.Options(cpu_options=library.CpuOptions(num_threads=threads, xnnpack_weight_cache_path=weights))
    return library.CompiledModel.from_file(str(file), environment=_environment(library), options=options)


def fully_delegated(file: FilePath) -> bool:
    """Whether XNNPACK runs every op of every signature of a `.tflite`."""
    with quiet_stderr():
        try:
            find_package().read(file, threads=1)  # CompiledModel may crash where an interpreter refuses
            return bool(compile_model(file, threads=1).is_fully_accelerated())
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"{file}: not a valid LiteRT model ({one_line(error)}); convert it again") from error


@cache
def _environment(library: ModuleType) -> Any:
    """What all models of the process share. It outlives them, and Python: it logs its end."""
    environment = library.Environment.create()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(environment))
    return environment


def _cpu() -> str:
    lines = FilePath("/proc/cpuinfo").read_text().splitlines()
    return " ".join(sorted({line for line in lines if line.split("\t")[0].strip() in _CPU_FIELDS}))
