"""The commands of `dsnet-edge train`, one after the other, on a dataset made up here."""

import dataclasses
import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from test_train_transfer import trained_elsewhere
from typer.testing import CliRunner

from dsnet_edge import demo
from dsnet_edge.arch import preset
from dsnet_edge.cli.train import app
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Program
from dsnet_edge.plan.checkpoint import read_checkpoint, write_checkpoint
from dsnet_edge.profile import write_profile
from dsnet_edge.train.sources import FASHION_LABELS
from profiles import profile, series

RECIPE = """
name = "tiny"
arch = "dsmbnet14-32"

[data]
name = "fashion-mnist"
size = 32
resize = 32

[supernet]
epochs = 2
batch = 20
recalibration_batches = 2

[supernet.optimizer]
learning_rate = 0.1

[gate]
epochs = 2
batch = 20
views = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty bright or dark squares, and a recipe."""
    generator = np.random.default_rng(0)
    labels = np.arange(40, dtype=np.uint8) % 10
    images = (generator.integers(0, 60, (40, 28, 28)) + 19 * labels[:, None, None]).astype(np.uint8)
    for part in ("train", "t10k"):
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(header + array.tobytes()))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def train(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_recipe_to_gated_checkpoint(folder: Path) -> None:
    recipe, out = folder / "recipe.toml", folder / "run"
    train("supernet", recipe, "-o", out, "--data", folder, "--epochs", "1")
    output = train("supernet", recipe, "-o", out, "--data", folder, "--resume")
    assert "going on after epoch 1" in output and "epoch 2/2" in output and "path 14" in output
    supernet = read_checkpoint(out / "supernet.safetensors")
    assert (supernet.training["stage"], supernet.training["epoch"], supernet.labels[9]) == ("supernet", 2, "ankle boot")
    assert list((out / "tensorboard").iterdir())

    train("recalibrate", out / "supernet.safetensors", recipe, "-o", out / "again.safetensors", "--data", folder)
    again = read_checkpoint(out / "again.safetensors")
    assert all(np.array_equal(again.tensors[name], tensor) for name, tensor in supernet.tensors.items())  # the same images

    output = train("gate", out / "again.safetensors", recipe, "-o", out, "--data", folder)
    assert "same shares at random" in output and "oracle" in output
    model, figures = read_checkpoint(out / "model.safetensors"), json.loads((out / "model.json").read_text())
    changed = {name for name, tensor in model.tensors.items() if not np.array_equal(tensor, supernet.tensors[name])}
    assert changed == {"gate.weight"}
    assert model.training["stage"] == "gate" and model.training["dynamic"] == figures["dynamic"]
    program = Program.from_arch(model.arch)
    assert [path["madds"] for path in figures["paths"]] == [program.madds(path) for path in program.paths]
    assert sum(figures["dynamic"]["shares"]) == pytest.approx(1, abs=1e-3)
    low, high = (program.madds(path) for path in (program.space.slimmest, program.space.widest))
    assert low <= figures["dynamic"]["madds"] <= high


def test_a_gate_trained_by_a_profile_says_so_and_one_trained_without_says_that(folder: Path) -> None:
    recipe, out, source = folder / "recipe.toml", folder / "run", folder / "demo.safetensors"
    write_checkpoint(dataclasses.replace(read_checkpoint(demo.CHECKPOINT), labels=FASHION_LABELS), source)
    program = Program.from_arch(read_checkpoint(source).arch)
    made, paths = profile(series=(series(ms=tuple(1 + path / 10 for path in range(14))),)), program.space.paths()
    choices, madds = tuple(path.choices[0] for path in paths), tuple(map(program.madds, paths))
    bundle = dataclasses.replace(made.bundle, choices=choices, madds=madds)
    write_profile(dataclasses.replace(made, bundle=bundle), folder / "pi.json")

    output = train("gate", source, recipe, "-o", out, "--data", folder, "--cost", folder / "pi.json")
    model = read_checkpoint(out / "model.safetensors")
    shares = model.training["dynamic"]["shares"]
    mean = sum(share * (1 + path / 10) for path, share in enumerate(shares))
    assert f"the gate's choices cost {mean:.3g} ms on average" in output and "1 to 2.3 ms on Raspberry Pi 5" in output
    assert (model.training["gate_cost"]["unit"], model.training["gate_cost"]["profile"]) == ("ms", "pi.json")
    train("gate", out / "model.safetensors", recipe, "-o", out, "--data", folder)
    assert read_checkpoint(out / "model.safetensors").training["gate_cost"] == {"unit": "madds"}


def test_options_of_a_cost_need_a_cost(folder: Path) -> None:
    words = "gate", folder / "demo.safetensors", folder / "recipe.toml", "-o", folder / "run"
    with pytest.raises(DsnetError, match="give --cost"):
        train(*words, "--cost-unit", "mj")
    with pytest.raises(DsnetError, match="--cost-unit takes ms or mj, found 'kwh'"):
        train(*words, "--cost", folder / "pi.json", "--cost-unit", "kwh")


def test_bad_input_is_one_clear_error(folder: Path) -> None:
    recipe = folder / "recipe.toml"
    with pytest.raises(DsnetError, match=r"nowhere\.toml: no such recipe"):
        train("supernet", folder / "nowhere.toml", "-o", folder / "run", "--data", folder)
    with pytest.raises(DsnetError, match="no trainer state to resume from"):
        train("supernet", recipe, "-o", folder / "run", "--data", folder, "--resume")
    with pytest.raises(DsnetError, match="no such checkpoint"):
        train("gate", folder / "nowhere.safetensors", recipe, "-o", folder / "run", "--data", folder)
    with pytest.raises(DsnetError, match="Fashion-MNIST not found"):
        train("supernet", recipe, "-o", folder / "run", "--data", folder / "empty")


@pytest.mark.parametrize("start", ["checkpoint", "fresh"])
def test_both_stages_from_the_command_line(start: str, folder: Path) -> None:
    source = trained_elsewhere(folder / "other.safetensors", preset("dsmbnet14-32"))
    recipe = folder / "recipe.toml"
    recipe.write_text(recipe.read_text() + f'start = "{start}"\nlearning_rate = 0.0\n')
    out = folder / "run"
    output = train("supernet", recipe, "--from", source, "-o", out, "--data", folder)
    assert "begins with" in output and "7 other classes" in output
    supernet = read_checkpoint(out / "supernet.safetensors")
    assert supernet.training["begun_with"] == "other.safetensors" and len(supernet.labels) == 10
    train("gate", out / "supernet.safetensors", recipe, "-o", out, "--data", folder)
    gate = read_checkpoint(out / "model.safetensors").tensors["gate.weight"]
    brought = read_checkpoint(source).tensors["gate.weight"]
    assert np.array_equal(gate, brought) == (start == "checkpoint")  # Stage II moved nothing
    with pytest.raises(DsnetError, match="leave out --from"):
        train("supernet", recipe, "--from", source, "-o", out, "--data", folder, "--resume")
