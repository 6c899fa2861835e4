"""The other side of `dsnet_convert.onnx2tf`, run by the Python of `make onnx2tf-env`: `PYTHON -I onnx2tf_worker.py`. It imports
nothing of dsnet_edge, whose pins clash with onnx2tf's; `-I` keeps this folder, which has an `onnx2tf.py` too, off its path.

Jobs come on standard input and answers go to standard output, JSON, one a line: first `{"ready": true}`, then for each
`{"onnx": FILE, "inputs": SHAPES, "outputs": SHAPES, "precision": NAME, "calibration": NPZ or null, "tflite": FILE}` either
`{"done": true}` or `{"error": MESSAGE}`. What the libraries print goes to standard error. The end of standard input ends the
process, even in a job.

With `--versions` it prints those of its tools, as one JSON object, and imports none of them.

ONNX becomes a Keras model (onnx2tf), that a SavedModel with the names of our signatures, and that a `.tflite` (TensorFlow Lite).
onnx2tf would make the last step itself, but at every turn write a float16 file as well, and for int8 four more, each with a
calibration of its own.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

Shape = list[int]

_TOOLS = ("onnx2tf", "tensorflow", "tensorflow-cpu", "tf-keras")
# Images for a trial run: onnx2tf looks for this file in the current folder before it downloads it.
_SAMPLE_IMAGES = "calibration_image_sample_data_20x128x128x3_float32.npy"


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the libraries print
    if sys.argv[1:] == ["--versions"]:
        print(json.dumps(_versions()), file=answers)
        return
    jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(jobs,), daemon=True).start()
    import onnx2tf  # noqa: F401 (takes seconds, and is what fails in a broken environment)

    print(json.dumps({"ready": True}), file=answers)
    while True:
        _serve(jobs.get(), answers)


def _receive(jobs: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        jobs.put(json.loads(line))
    os._exit(0)  # the parent is gone or wants no more


def _serve(job: dict[str, Any], answers: TextIO) -> None:
    try:
        convert(**job)
        answer: dict[str, Any] = {"done": True}
    except (Exception, SystemExit) as error:  # onnx2tf exits where it gives up
        answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())}
    print(json.dumps(answer), file=answers)


def convert(onnx: str, inputs: list[Shape], outputs: list[Shape], precision: str, calibration: str | None, tflite: str) -> None:
    """The shapes are those of the `.tflite`; the ONNX file has NCHW maps only, and beside it lie the intermediate files.

    The precision is fp32, fp16 (of the weights) or int8 (of all; of weights by output channel). The calibration, for int8, holds
    `args_0`, `args_1` ..., each `[n, *shape]`.
    """
    import numpy as np
    import onnx2tf
    import tensorflow as tf
    import tf_keras

    os.chdir(Path(onnx).parent)
    np.save(_SAMPLE_IMAGES, np.random.default_rng(0).random((1, 128, 128, 3), np.float32))
    tf_keras.backend.clear_session()  # the graphs of the jobs before
    model = onnx2tf.convert(
        input_onnx_file_path=onnx,
        not_use_onnxsim=True,  # the graph is static and has no op to remove
        not_use_opname_auto_generate=True,
        disable_strict_mode=True,  # it searches for axes by the error on its sample images, and finds wrong ones
        disable_model_save=True,
        verbosity="error",
    )
    _save(tf, model, inputs, outputs, "saved_model")
    converter = tf.lite.TFLiteConverter.from_saved_model("saved_model")
    if precision == "fp16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    if calibration is not None:
        with np.load(calibration) as arrays:
            samples = dict(arrays)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _one_by_one(samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    Path(tflite).write_bytes(converter.convert())


def _save(tf: Any, model: Any, inputs: list[Shape], outputs: list[Shape], folder: str) -> None:
    """With the names of litert-torch, whose order is that of the signature: `args_0`, `args_1`; `output_0`, `output_1`."""

    def call(**values: Any) -> dict[str, Any]:
        given = model([tf.reshape(values[f"args_{index}"], x.shape) for index, x in enumerate(model.inputs)])
        taken = zip(given if isinstance(given, list) else [given], outputs, strict=True)
        return {f"output_{index}": tf.reshape(y, shape) for index, (y, shape) in enumerate(taken)}

    signature = {f"args_{index}": tf.TensorSpec(shape, tf.float32) for index, shape in enumerate(inputs)}
    tf.saved_model.save(tf.Module(), folder, signatures=tf.function(call).get_concrete_function(**signature))


def _one_by_one(samples: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for index in range(len(samples["args_0"])):
        yield {name: array[index : index + 1] for name, array in samples.items()}


def _versions() -> dict[str, str]:
    installed = {name: _version(name) for name in _TOOLS}
    return {name: version for name, version in installed.items() if version}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
