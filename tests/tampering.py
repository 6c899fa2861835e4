"""Changing a file of a bundle so that only its content, not its hash, gives it away."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path as FilePath


def rewrite(bundle: FilePath, name: str, content: bytes) -> None:
    """Replaces a file and enters its size and hash in the manifest."""
    (bundle / name).write_bytes(content)
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (bundle / "manifest.json").write_text(json.dumps(manifest))


def not_delegated(tflite: bytes) -> bytes:
    """The model with an op in the place of its sigmoids that XNNPACK does not have."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(tflite))
    for code in model.operatorCodes:
        if code.builtinCode == BuiltinOperator.LOGISTIC:
            code.builtinCode = code.deprecatedBuiltinCode = BuiltinOperator.LOG_SOFTMAX
            code.version = 1
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
