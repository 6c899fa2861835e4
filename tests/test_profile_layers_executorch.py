"""Layers of ExecuTorch: XNNPACK's own operators, from its event trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path as FilePath

import pytest
from tiny import tiny_arch, tiny_plan

from dsnet_convert.bundle import write_bundle
from dsnet_edge.plan import Plan
from dsnet_edge.profiling.layers import difference, measure_layers
from dsnet_edge.runtime.bundle import open_bundle


@pytest.fixture(scope="module")
def plan() -> Plan:
    return tiny_plan(tiny_arch(n_paths=2))


@pytest.fixture(scope="module", params=["one file", "a file a stage"])
def folder(request: pytest.FixtureRequest, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    folder = tmp_path_factory.mktemp("traced") / "bundle"
    merged = ("executorch",) if request.param == "one file" else ()
    write_bundle(plan, folder, ("executorch",), {"random_seed": 0}, merged=merged)
    return folder


def test_every_op_with_weights_is_an_operator_of_its_segment(folder: FilePath, plan: Plan) -> None:
    layers = measure_layers(open_bundle(folder), "executorch", [1, 0], threads=1, seconds=0.01)
    assert [(path.backend, path.threads, path.path) for path in layers.paths] == [("executorch", 1, 1), ("executorch", 1, 0)]
    for path in layers.paths:
        for segment in ("prefix", "gate", "suffix"):
            found = [layer for layer in path.layers if layer.segment == segment]
            weighted = [layer for layer in found if layer.kind in ("Convolution", "Fully Connected")]
            assert len(weighted) == sum(op.has_weight for op in plan.program.ops if op.segment == segment)
            assert len({layer.name for layer in found}) == len(found)
        assert all(layer.ms >= 0 and (layer.madds, layer.bytes) == (0, 0) for layer in path.layers)
    one, other = layers.paths
    assert [layer for layer in one.layers if layer.segment != "suffix"] == [
        layer for layer in other.layers if layer.segment != "suffix"
    ]
    assert all(row.a is not None and row.b is not None for row in difference(other, one))


# An interpreter that refuses to import torch: our own binding would do, but it has no trace.
WITHOUT_TORCH = """
import sys
class Refuse:
    def find_spec(self, name, *rest):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Refuse())
from dsnet_edge.errors import MissingExtraError
from dsnet_edge.profiling.layers import measure_layers
from dsnet_edge.runtime.bundle import open_bundle
try:
    measure_layers(open_bundle(sys.argv[1]), "executorch", [0], 1, 0.01)
except MissingExtraError as error:
    print(error)
"""


def test_without_torch_the_extra_is_named(folder: FilePath) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "pip install 'dsnet-edge[executorch]'" in done.stdout, done.stderr
