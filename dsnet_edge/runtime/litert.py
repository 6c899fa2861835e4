"""The `litert` backend: a `.tflite` a stage, or one file with a signature a stage, on the best that LiteRT's packages offer."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.errors import BundleError
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.litert_compiled import CompiledFile
from dsnet_edge.runtime.litert_interpreter import InterpretedFile, Package, find_package, one_line
from dsnet_edge.runtime.litert_tensor import Tensor, signatures_of
from dsnet_edge.runtime.quiet import quiet_stderr
from dsnet_edge.runtime.staged import Graph, StagedBackend, check_signature, stage_files


class LitertBackend(StagedBackend):
    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__(bundle)
        self.bundle, self.threads = bundle, threads
        self.package = find_package()
        self.merged: str | None = bundle.backend_files("litert").get("file")
        self.names = {} if self.merged else stage_files(bundle, "litert")
        self.files: dict[str, CompiledFile | InterpretedFile] = {}
        for stage in self.stages.before_choices():
            self.graph(stage)

    def open(self, stage: str) -> Graph:
        name = self._name(stage)
        file = self.bundle.folder / name
        try:
            with quiet_stderr():
                if name not in self.files:
                    self.files[name] = self._open_file(name)
                    self.runtime = " and ".join(sorted({file.runtime for file in self.files.values()}))
                signatures = self.files[name].signatures
                key = stage if self.merged else next(iter(signatures), stage)
                if key not in signatures:
                    raise BundleError(f"{file}: has no signature {key}, only {', '.join(signatures) or 'none'}; convert it again")
                signature = signatures[key]
                check_signature(file, self.stages.signature(stage), (len(signature.inputs), len(signature.outputs)))
                return self.files[name].graph(key)
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"{file}: not a valid LiteRT model ({one_line(error)}); convert it again") from error

    def enter(self, image: np.ndarray) -> Tensor:
        return Tensor(image[None])

    def leave(self, vector: Tensor) -> np.ndarray:
        return vector.real()[0]

    def _name(self, stage: str) -> str:
        return self.merged or self.names[stage]

    def _open_file(self, name: str) -> CompiledFile | InterpretedFile:
        file = self.bundle.file(name)
        sha256 = self.bundle.manifest["files"][name]["sha256"]
        return open_file(self.package, file, sha256, self.threads)

    def _call(self, stage: str, *inputs: Tensor) -> list[Tensor]:
        try:
            return super()._call(stage, *inputs)
        except (ValueError, RuntimeError) as error:
            file = self.bundle.folder / self._name(stage)
            raise BundleError(f"{file}: {stage} failed ({one_line(error)}); convert it again") from error


def open_file(package: Package, file: FilePath, sha256: str, threads: int) -> CompiledFile | InterpretedFile:
    """By CompiledModel where that takes the file, else by the package's interpreter, which has read it in any case: it checks
    what CompiledModel trusts, and tells the quantisation of tensors, which CompiledModel does not.
    """
    interpreter = package.read(file, threads)
    signatures = signatures_of(interpreter)
    if package.name == "ai_edge_litert":
        try:
            return CompiledFile(package, file, sha256, signatures, threads)
        except Exception:  # of an older wheel that lacks a class or an option, as much as of a model it cannot compile
            pass
    return InterpretedFile(package, interpreter, signatures)
