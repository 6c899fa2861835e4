"""ExecuTorch behind the backend protocol, through our own binding and through torch's."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path as FilePath

import numpy as np
import pytest
from tampering import rewrite
from tiny import tiny_images, tiny_plan

from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.executorch import Binding, ExecutorchBackend
from dsnet_edge.runtime.executorch_own import OwnBinding
from dsnet_edge.runtime.executorch_torch import TorchBinding


@pytest.fixture(params=["own", "torch"])
def binding(request: pytest.FixtureRequest) -> Binding:
    return OwnBinding() if request.param == "own" else TorchBinding("fp32")


def opened(folder: FilePath, binding: Binding, threads: int = 1) -> ExecutorchBackend:
    return ExecutorchBackend(open_bundle(folder), threads, binding)


@pytest.fixture
def copy(tiny_bundle: FilePath, tmp_path: FilePath) -> FilePath:
    return FilePath(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def test_results_outlive_the_next_call(tiny_bundle: FilePath, binding: Binding) -> None:
    """The methods of a program may share their output memory, so what is handed out must be a copy."""
    backend = opened(tiny_bundle, binding)
    first, second = tiny_images(tiny_plan(), 2)
    feature = backend.prefix(first)
    scores, attention = backend.gate(feature)
    logits = backend.suffix(feature, attention, 0)
    kept = [array.copy() for array in (feature, scores, attention, logits)]
    other = backend.prefix(second)
    backend.suffix(other, backend.gate(other)[1], 1)
    for value, copy in zip((feature, scores, attention, logits), kept, strict=True):
        np.testing.assert_array_equal(value, copy)


def test_a_method_is_loaded_when_it_is_needed(tiny_bundle: FilePath, binding: Binding) -> None:
    backend = opened(tiny_bundle, binding)
    feature = backend.prefix(tiny_images(tiny_plan(), 1)[0])
    backend.suffix(feature, backend.gate(feature)[1], 2)
    assert list(backend.graphs) == ["prefix", "gate", "suffix_02"]


@pytest.mark.parametrize("content", [b"", b"not a program", bytes(4096)])
def test_a_bad_file_is_named(copy: FilePath, binding: Binding, content: bytes) -> None:
    (copy / "model.pte").write_bytes(content)
    with pytest.raises(BundleError, match=r"model\.pte"):
        opened(copy, binding)
    rewrite(copy, "model.pte", content)
    with pytest.raises(BundleError, match=r"model.pte: not a valid ExecuTorch program"):
        opened(copy, binding)


def test_a_path_without_its_method_is_named(copy: FilePath, binding: Binding) -> None:
    content = (copy / "model.pte").read_bytes()
    rewrite(copy, "model.pte", content.replace(b"suffix_02", b"suffix_12"))
    with pytest.raises(BundleError, match=r"model.pte: has no method suffix_02"):
        opened(copy, binding)


def test_a_feature_of_another_shape_is_refused(tiny_bundle: FilePath, binding: Binding) -> None:
    backend = opened(tiny_bundle, binding)
    with pytest.raises(BundleError, match=r"model.pte: method gate failed \(.*\); convert it again$"):
        backend.gate(np.zeros((1, 3, 8, 8), np.float32))


def test_open_backends_agree_on_their_threads(tiny_bundle: FilePath, binding: Binding, capfd: pytest.CaptureFixture[str]) -> None:
    """Exchanging the thread pool under a loaded method would hang the method's next call."""
    (image,) = tiny_images(tiny_plan(), 1)
    first = opened(tiny_bundle, binding, threads=2)
    expected = first.prefix(image)
    with pytest.raises(DsnetError, match=r"uses 2 threads, this one asks for 1; ask for 2"):
        opened(tiny_bundle, binding, threads=1)
    np.testing.assert_array_equal(first.prefix(image), expected)
    np.testing.assert_array_equal(opened(tiny_bundle, binding, threads=2).prefix(image), expected)
    del first
    gc.collect()
    np.testing.assert_allclose(opened(tiny_bundle, binding, threads=1).prefix(image), expected, atol=1e-5)
    assert capfd.readouterr().err == ""


def test_the_bindings_share_one_thread_pool(tiny_bundle: FilePath) -> None:
    own = opened(tiny_bundle, OwnBinding(), threads=2)
    assert TorchBinding("fp32").threads() == OwnBinding().threads() == 2
    with pytest.raises(DsnetError, match="ask for 2"):
        opened(tiny_bundle, TorchBinding("fp32"), threads=1)
    assert own.runtime == "executorch 1.5.1, own binding"
