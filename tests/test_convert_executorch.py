"""The multi-method `.pte`: one XNNPACK delegate a method and nothing else."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest
import torch
from executorch import exir
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir._serialize._program import deserialize_pte_binary
from tiny import tiny_arch, tiny_plan

from dsnet_convert.executorch import check_delegation, lower
from dsnet_convert.stage import stages
from dsnet_edge.errors import DsnetError


def test_the_file_holds_one_delegate_a_method_and_no_portable_kernel(tiny_bundle: FilePath) -> None:
    program = deserialize_pte_binary((tiny_bundle / "model.pte").read_bytes()).program
    assert sorted(plan.name for plan in program.execution_plan) == ["gate", "prefix", "suffix_00", "suffix_01", "suffix_02"]
    for plan in program.execution_plan:
        assert [delegate.id for delegate in plan.delegates] == ["XnnpackBackend"], plan.name
        assert plan.operators == [], plan.name
        assert len(plan.chains[0].instructions) == 1, plan.name


@pytest.mark.parametrize("index", [0, 1, 2], ids=["prefix", "gate", "suffix"])
def test_relu6_and_one_plus_tanh_are_delegated(index: int) -> None:
    plan = tiny_plan(tiny_arch(n_paths=2, activation="relu6", attention="one_plus_tanh", bias=True))
    stage = stages(plan)[index]
    targets = [node.target for node in lower(plan, stage).graph.nodes if node.op == "call_function"]
    assert [getattr(target, "__name__", "") for target in targets].count("executorch_call_delegate") == 1
    assert {getattr(target, "__name__", "") for target in targets} == {"executorch_call_delegate", "getitem"}


def test_an_op_left_behind_is_named_with_its_method() -> None:
    exported = torch.export.export(torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Mish()), (torch.zeros(1, 4),))
    program = exir.to_edge(exported).to_backend(XnnpackPartitioner()).exported_program()
    with pytest.raises(DsnetError, match=r"method suffix_03: XNNPACK leaves .*(log|tanh|where|exp)"):
        check_delegation(program, "suffix_03")
