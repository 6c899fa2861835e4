"""ExecuTorch: a program a stage, and one program made of them; fp32, fp16."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
import torch
from executorch.exir._serialize._program import deserialize_pte_binary
from executorch.runtime import Runtime
from tiny import tiny_arch, tiny_images, tiny_plan

from dsnet_convert.executorch import write_executorch
from dsnet_convert.merge_pte import merge_pte
from dsnet_convert.stage import stages
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.oracle import infer


def programs(plan: Plan, folder: FilePath, precision: Precision) -> dict[str, FilePath]:
    written = {stage.name: folder / f"{stage.name}.pte" for stage in stages(plan)}
    for stage in stages(plan):
        write_executorch(plan, stage, written[stage.name], precision)
    return written


def run(file: FilePath, method: str, *inputs: torch.Tensor) -> list[torch.Tensor]:
    return [output.clone() for output in Runtime.get().load_program(str(file)).load_method(method).execute(inputs)]


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_one_file_computes_what_the_many_do(tmp_path: FilePath, precision: Precision) -> None:
    plan = tiny_plan(tiny_arch(n_paths=2))
    files = programs(plan, tmp_path, precision)
    merge_pte(files, tmp_path / "model.pte")
    images = tiny_images(plan, 2)
    expected = [infer(plan, images, path) for path in plan.program.paths]
    for index, array in enumerate(images):
        image = torch.from_numpy(array)[None].permute(0, 3, 1, 2)
        image = image.half() if precision == "fp16" else image
        answers = []
        for file_of in (files.__getitem__, lambda stage: tmp_path / "model.pte"):
            (feature,) = run(file_of("prefix"), "prefix", image)
            scores, attention = run(file_of("gate"), "gate", feature)
            logits = [run(file_of(f"suffix_{path:02}"), f"suffix_{path:02}", feature, attention)[0] for path in range(2)]
            answers.append([feature, scores, attention, *logits])
        for separate, merged in zip(*answers, strict=True):
            assert torch.equal(separate, merged)
        tolerance = 1e-5 if precision == "fp32" else 1e-2
        for path, logits in enumerate(answers[1][3:]):
            exact = expected[path][0]
            np.testing.assert_allclose(logits[0].float(), exact[index], atol=tolerance * np.abs(exact).max())
        np.testing.assert_allclose(answers[1][1][0].float(), expected[0][1][index], atol=tolerance * np.abs(expected[0][1]).max())


def test_equal_weights_are_in_the_file_once(tmp_path: FilePath) -> None:
    """Here all of them: the same suffix as two methods."""
    plan = tiny_plan(tiny_arch(n_paths=2))
    suffix = stages(plan)[2]
    files = {}
    for name in ("suffix_00", "suffix_01"):
        files[name] = tmp_path / f"{name}.pte"
        write_executorch(plan, type(suffix)(name, suffix.segment, suffix.path), files[name])
    merge_pte(files, tmp_path / "model.pte")
    one, both = (deserialize_pte_binary((tmp_path / name).read_bytes()) for name in ("suffix_00.pte", "model.pte"))
    assert [len(program.execution_plan) for program in (one.program, both.program)] == [1, 2]
    assert sorted(both.named_data.pte_data) == sorted(one.named_data.pte_data) != []


def test_a_file_of_another_method_is_named(tmp_path: FilePath) -> None:
    plan = tiny_plan(tiny_arch(n_paths=2))
    gate = tmp_path / "gate.pte"
    write_executorch(plan, stages(plan)[1], gate)
    with pytest.raises(DsnetError, match=r"gate.pte: holds methods \['gate'\], expected prefix alone"):
        merge_pte({"prefix": gate}, tmp_path / "model.pte")
    assert not (tmp_path / "model.pte").exists()
