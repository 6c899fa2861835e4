"""LiteRT behind the backend protocol."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path as FilePath

import pytest
from tampering import rewrite
from tiny import tiny_images, tiny_plan

from dsnet_edge.errors import BundleError, MissingExtraError
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.litert import LitertBackend


def test_a_path_is_opened_when_it_is_needed(tiny_bundle: FilePath) -> None:
    backend = LitertBackend(open_bundle(tiny_bundle), threads=1)
    feature = backend.prefix(tiny_images(tiny_plan(), 1)[0])
    backend.suffix(feature, backend.gate(feature)[1], 2)
    assert list(backend.graphs) == ["prefix", "gate", "suffix_02"]


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(4096)])
def test_a_bad_file_is_named(tiny_bundle: FilePath, tmp_path: FilePath, content: bytes) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    rewrite(bundle, "litert/gate.tflite", content)
    with pytest.raises(BundleError, match=r"gate.tflite: not a valid LiteRT model"):
        LitertBackend(open_bundle(bundle), threads=1)


def test_a_stage_in_anothers_place_is_named(tiny_bundle: FilePath, tmp_path: FilePath) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    rewrite(bundle, "litert/suffix_00.tflite", (bundle / "litert" / "gate.tflite").read_bytes())
    backend = LitertBackend(open_bundle(bundle), threads=1)
    feature = backend.prefix(tiny_images(tiny_plan(), 1)[0])
    with pytest.raises(BundleError, match=r"suffix_00.tflite: takes 1 .*expected 2"):
        backend.suffix(feature, backend.gate(feature)[1], 0)


def test_a_missing_extra_is_named(tiny_bundle: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", None)
    with pytest.raises(MissingExtraError, match=r"dsnet-edge\[litert\]"):
        LitertBackend(open_bundle(tiny_bundle), threads=1)
