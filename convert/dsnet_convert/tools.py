"""Versions of what writes each target's files: for the manifest, and for the keys of the cache."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

from dsnet_convert.onnx2tf_process import tool_versions
from dsnet_edge import __version__

_PACKAGES = {
    "sliced": ("gguf", "numpy"),
    "executorch": ("executorch", "torch", "torchao"),
    "litert": ("litert-torch", "ai-edge-litert", "ai-edge-quantizer", "torch"),
    "onnx2tf": ("onnx", "torch"),
    "onnx": ("onnx", "onnxruntime"),
    "ncnn": (),
}


def tools(targets: Iterable[str]) -> dict[str, str]:
    """Package name -> version, ours first."""
    targets = set(targets)
    names = {name for target in targets for name in _PACKAGES[target]}
    elsewhere = tool_versions() if "onnx2tf" in targets else {}
    return {"dsnet-edge": __version__} | {name: metadata.version(name) for name in sorted(names)} | elsewhere
