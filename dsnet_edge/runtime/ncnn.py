"""The `ncnn` backend: a `.param` and a `.bin` a stage, float32. Feature maps, `[c, h, w]`, and vectors, `[c]`, are its `Mat`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from dsnet_edge.errors import BundleError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.quiet import quiet_stderr
from dsnet_edge.runtime.staged import StagedBackend, check_signature, stage_files


class NcnnBackend(StagedBackend):
    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__(bundle)
        self.bundle, self.threads = bundle, threads
        self.ncnn: ModuleType = require("ncnn", "ncnn")
        self.runtime = f"ncnn {self.ncnn.__version__}"
        self.files = stage_files(bundle, "ncnn")
        for stage in self.stages.before_choices():
            self.graph(stage)

    def open(self, stage: str) -> _Net:
        """ncnn packs the weights for its fastest kernels here, in float32: its default is half precision where there is any."""
        param = self.bundle.file(self.files[stage])
        weights = self.bundle.file(f"{self.files[stage].removesuffix('.param')}.bin")
        net = self.ncnn.Net()
        options = net.opt
        options.num_threads = self.threads
        for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_packed", "bf16_storage"):
            setattr(options, f"use_{name}", False)
        with quiet_stderr():
            if net.load_param(str(param)):
                raise BundleError(f"{param}: not a valid ncnn network; convert it again")
            if net.load_model(str(weights)):
                raise BundleError(f"{weights}: not the weights of {param.name}; convert it again")
        graph = _Net(net)
        check_signature(param, self.stages.signature(stage), (len(graph.inputs), len(graph.outputs)))
        return graph

    def enter(self, image: np.ndarray) -> Any:
        planes = np.ascontiguousarray(image.transpose(2, 0, 1))
        return self.ncnn.Mat(planes).clone()  # a Mat of an array does not keep the array alive

    def leave(self, vector: Any) -> np.ndarray:
        return np.array(vector)


class _Net:
    """An extractor runs once, so each call gets its own; it computes what is asked for, and what it knows already no more."""

    def __init__(self, net: Any) -> None:
        self.net = net
        self.inputs, self.outputs = sorted(net.input_names()), sorted(net.output_names())
        self.extractor: Any = None
        self.results: list[tuple[int, Any]] = []  # status and Mat of each output

    def put(self, *inputs: Any) -> None:
        self.extractor = self.net.create_extractor()
        for name, mat in zip(self.inputs, inputs, strict=True):
            self.extractor.input(name, mat)

    def invoke(self) -> None:
        self.results = [self.extractor.extract(name) for name in self.outputs]

    def take(self) -> list[Any]:
        if any(status for status, _ in self.results):
            raise BundleError(f"ncnn: computing {', '.join(self.outputs)} failed; convert the checkpoint again")
        return [mat for _, mat in self.results]
