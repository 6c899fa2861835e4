"""The `onnxruntime` backend: an `.onnx` a stage, float32 at its boundary. Feature maps are `[1, c, h, w]`, vectors `[1, c]`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from dsnet_edge.errors import BundleError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.staged import StagedBackend, check_signature, stage_files


class OnnxruntimeBackend(StagedBackend):
    def __init__(self, bundle: Bundle, threads: int) -> None:
        super().__init__(bundle)
        self.bundle, self.threads = bundle, threads
        self.library = require("onnxruntime", "onnx")
        self.runtime = f"onnxruntime {self.library.__version__}"
        self.files = stage_files(bundle, "onnxruntime")
        for stage in self.stages.before_choices():
            self.graph(stage)

    def open(self, stage: str) -> _Session:
        """With all optimisations, which is the default: weights are packed and maps laid out for its convolutions."""
        file = self.bundle.file(self.files[stage])
        options = self.library.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        options.log_severity_level = 4  # what fails is raised as well
        # Otherwise its threads spin for tens of milliseconds after a call, and those of one stage get in the way of the next.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        try:
            session = self.library.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no narrower class in common
            raise BundleError(f"{file}: not a valid ONNX model ({error}); convert it again") from error
        check_signature(file, self.stages.signature(stage), (len(session.get_inputs()), len(session.get_outputs())))
        for tensor in (*session.get_inputs(), *session.get_outputs()):
            if tensor.type != "tensor(float)" or not all(type(size) is int for size in tensor.shape):
                found = f"{tensor.type} {tensor.shape}"
                raise BundleError(f"{file}: {tensor.name} must be float32 of one shape, found {found}; convert it again")
        return _Session(self.library, session)

    def enter(self, image: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(image.transpose(2, 0, 1)[None])

    def leave(self, vector: np.ndarray) -> np.ndarray:
        return vector[0]

    def _call(self, stage: str, *inputs: np.ndarray) -> list[np.ndarray]:
        try:
            return super()._call(stage, *inputs)
        except RuntimeError as error:
            raise BundleError(f"{self.bundle.folder / self.files[stage]}: it failed ({error}); convert it again") from error


class _Session:
    """Inputs and outputs stay where they are, so a call allocates nothing of them."""

    def __init__(self, runtime: ModuleType, session: Any) -> None:
        def place(tensors: list[Any]) -> list[Any]:
            return [runtime.OrtValue.ortvalue_from_shape_and_type(tensor.shape, np.float32) for tensor in tensors]

        self.session, self.binding = session, session.io_binding()
        self.inputs, self.outputs = place(session.get_inputs()), place(session.get_outputs())
        for tensor, value in zip(session.get_inputs(), self.inputs, strict=True):
            self.binding.bind_ortvalue_input(tensor.name, value)
        for tensor, value in zip(session.get_outputs(), self.outputs, strict=True):
            self.binding.bind_ortvalue_output(tensor.name, value)

    def put(self, *inputs: np.ndarray) -> None:
        for value, array in zip(self.inputs, inputs, strict=True):
            value.update_inplace(array)

    def invoke(self) -> None:
        self.session.run_with_iobinding(self.binding)

    def take(self) -> list[np.ndarray]:
        return [value.numpy().copy() for value in self.outputs]  # without the copy they are views
