"""`dsnet-edge import` against the meaning of the authors' file, written down a second time (`released.py`)."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

import numpy as np
import pytest
import torch
from released import logits_and_scores, random_state, released_file
from typer.testing import CliRunner

from dsnet_convert.source import from_checkpoint
from dsnet_edge.cli.app import app
from dsnet_edge.errors import BundleError
from dsnet_edge.plan.oracle import infer


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return random_state(n_classes=20)


def run_import(content: object, folder: FilePath, *options: str) -> tuple[FilePath, str]:
    file, output = folder / "released.pth.tar", folder / "imported.safetensors"
    torch.save(content, file)
    result = CliRunner().invoke(app, ["import", str(file), "-o", str(output), *options])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return output, result.output


def test_the_file_has_the_published_number_of_entries_and_parameters(state: dict[str, torch.Tensor]) -> None:
    whole = random_state()
    assert len(whole) == 838
    trained = sum(tensor.numel() for name, tensor in whole.items() if not name.endswith(("_mean", "_var", "_tracked")))
    assert round(trained / 1e6, 3) == 7.676


def test_every_path_computes_what_the_released_code_does(state: dict[str, torch.Tensor], tmp_path: FilePath) -> None:
    output, said = run_import(released_file(state), tmp_path)
    assert "the 4 slimmest paths only: convert it with --paths 0:4" in said
    plan = from_checkpoint(output).plan
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    for index in (0, 1, 6, 13):
        logits, scores = infer(plan, x.permute(0, 2, 3, 1).numpy(), plan.program.paths[index])
        expected, expected_scores = logits_and_scores(state, x, index)
        assert np.abs(logits - expected.numpy()).max() <= 2e-5 * expected.abs().max().item()
        assert np.abs(scores[:, :4] - expected_scores.numpy()).max() <= 1e-4 * expected_scores.abs().max().item()
        assert not scores[:, 4:].any()


def test_with_four_paths_the_gate_is_the_released_one(state: dict[str, torch.Tensor], tmp_path: FilePath) -> None:
    output, _ = run_import(released_file(state), tmp_path)
    plan = from_checkpoint(output, (0, 1, 2, 3)).plan
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    _, scores = infer(plan, x.permute(0, 2, 3, 1).numpy(), plan.program.paths[0])
    expected = logits_and_scores(state, x, 0)[1].numpy()
    assert scores.shape == (2, 4)
    assert np.abs(scores - expected).max() <= 1e-4 * np.abs(expected).max()


def test_the_moving_average_is_preferred_and_a_prefix_dropped(state: dict[str, torch.Tensor], tmp_path: FilePath) -> None:
    average = {f"module.{name}": tensor for name, tensor in state.items()}
    output, said = run_import(released_file(random_state(9, 20), state_dict_ema=average), tmp_path)
    assert "from state_dict_ema" in said
    imported = from_checkpoint(output).plan.tensors["classifier.weight"]
    np.testing.assert_array_equal(imported, state["classifier.weight"].numpy())


def test_labels_come_from_a_file(state: dict[str, torch.Tensor], tmp_path: FilePath) -> None:
    (tmp_path / "labels.txt").write_text("".join(f"label {index}\n" for index in range(20)))
    output, _ = run_import(released_file(state), tmp_path, "--labels", str(tmp_path / "labels.txt"))
    assert from_checkpoint(output).plan.labels[19] == "label 19"
    (tmp_path / "labels.txt").write_text("one\n")
    with pytest.raises(BundleError, match="has 20 classes, found 1 labels"):
        run_import(released_file(state), tmp_path, "--labels", str(tmp_path / "labels.txt"))


def without(state: dict[str, torch.Tensor], key: str) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in state.items() if name != key}


def test_whatever_is_missing_unknown_or_of_another_shape_is_named(state: dict[str, torch.Tensor], tmp_path: FilePath) -> None:
    cases = {
        "has no blocks.3.residual_blocks.4.bn2.aux_bn.7.running_var": without(
            state, "blocks.3.residual_blocks.4.bn2.aux_bn.7.running_var"
        ),
        "has no blocks.3.first_block.gate.gate.0.weight": without(state, "blocks.3.first_block.gate.gate.0.weight"),
        "entries that the released DS-MBNet has not: conv_head.weight": {**state, "conv_head.weight": torch.zeros(1)},
        r"conv_stem.weight should be \[24, 3, 3, 3\], found \[24, 3, 5, 5\]": {
            **state,
            "conv_stem.weight": torch.zeros(24, 3, 5, 5),
        },
    }
    for message, spoilt in cases.items():
        with pytest.raises(BundleError, match=message):
            run_import(released_file(spoilt), tmp_path)
        assert not (tmp_path / "imported.safetensors").exists()


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch hostile-ran",)


def test_a_file_that_would_run_something_runs_nothing(
    state: dict[str, torch.Tensor], tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match="not a PyTorch file of plain tensors"):
        run_import(released_file(state, metric=Hostile()), tmp_path)
    assert not (tmp_path / "hostile-ran").exists()


@pytest.mark.parametrize("content", [[1, 2], {"weights": {}}, {"state_dict": [1]}, {"state_dict": {"a": 1}}])
def test_other_files_are_refused(content: object, tmp_path: FilePath) -> None:
    with pytest.raises(BundleError, match="it is another file"):
        run_import(content, tmp_path)


def test_a_damaged_or_missing_file_is_refused(tmp_path: FilePath) -> None:
    for content in (b"", b"not a checkpoint", b"PK\x03\x04"):
        (tmp_path / "released.pth.tar").write_bytes(content)
        result = CliRunner().invoke(app, ["import", str(tmp_path / "released.pth.tar"), "-o", str(tmp_path / "out.safetensors")])
        assert isinstance(result.exception, BundleError)
    result = CliRunner().invoke(app, ["import", str(tmp_path / "none"), "-o", str(tmp_path / "out.safetensors")])
    assert "no such file" in str(result.exception)
