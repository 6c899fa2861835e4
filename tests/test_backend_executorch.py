"""ExecuTorch behind the backend protocol."""

from __future__ import annotations

import gc
import shutil
import sys
from pathlib import Path as FilePath

import numpy as np
import pytest
from tampering import rewrite
from tiny import tiny_images, tiny_plan

from dsnet_edge.errors import BundleError, DsnetError, MissingExtraError
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.executorch import ExecutorchBackend


def test_results_outlive_the_next_call(tiny_bundle: FilePath) -> None:
    """The methods of a program share their output memory, so what is handed out must be a copy."""
    backend = ExecutorchBackend(open_bundle(tiny_bundle), threads=1)
    first, second = tiny_images(tiny_plan(), 2)
    feature = backend.prefix(first)
    scores, attention = backend.gate(feature)
    logits = backend.suffix(feature, attention, 0)
    kept = [feature.clone(), scores.copy(), attention.clone(), logits.copy()]
    other = backend.prefix(second)
    backend.suffix(other, backend.gate(other)[1], 1)
    for value, copy in zip((feature, scores, attention, logits), kept, strict=True):
        np.testing.assert_array_equal(value, copy)


def test_a_method_is_loaded_when_it_is_needed(tiny_bundle: FilePath) -> None:
    backend = ExecutorchBackend(open_bundle(tiny_bundle), threads=1)
    feature = backend.prefix(tiny_images(tiny_plan(), 1)[0])
    backend.suffix(feature, backend.gate(feature)[1], 2)
    assert sorted(backend.graphs) == ["gate", "prefix", "suffix_02"]


@pytest.mark.parametrize("content", [b"", b"not a program", bytes(4096)])
def test_a_bad_file_is_named(tiny_bundle: FilePath, tmp_path: FilePath, content: bytes) -> None:
    bundle = FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    (bundle / "model.pte").write_bytes(content)
    with pytest.raises(BundleError, match=r"model\.pte"):
        ExecutorchBackend(open_bundle(bundle), threads=1)
    rewrite(bundle, "model.pte", content)
    with pytest.raises(BundleError, match=r"model.pte: not a valid ExecuTorch program"):
        ExecutorchBackend(open_bundle(bundle), threads=1)


def test_a_missing_extra_is_named(tiny_bundle: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "executorch.runtime", None)
    with pytest.raises(MissingExtraError, match=r"dsnet-edge\[executorch\]"):
        ExecutorchBackend(open_bundle(tiny_bundle), threads=1)


def test_open_backends_agree_on_their_threads(tiny_bundle: FilePath) -> None:
    """Exchanging the thread pool under a loaded method would hang the method's next call."""
    bundle, (image,) = open_bundle(tiny_bundle), tiny_images(tiny_plan(), 1)
    first = ExecutorchBackend(bundle, threads=2)
    expected = first.prefix(image).numpy()
    with pytest.raises(DsnetError, match=r"uses 2 threads, this one asks for 1; ask for 2"):
        ExecutorchBackend(bundle, threads=1)
    np.testing.assert_array_equal(first.prefix(image).numpy(), expected)
    np.testing.assert_array_equal(ExecutorchBackend(bundle, threads=2).prefix(image).numpy(), expected)
    del first
    gc.collect()
    np.testing.assert_allclose(ExecutorchBackend(bundle, threads=1).prefix(image).numpy(), expected, atol=1e-5)
