"""Statistics that were never filled: recalibration is what fills them, as the network itself does it."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest
import torch
from tiny import tiny_arch

from dsnet_convert.source import from_checkpoint
from dsnet_edge import demo
from dsnet_edge.arch import Arch, Path, preset
from dsnet_edge.errors import BundleError
from dsnet_edge.nn import SlimmableNet, Statistics
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from dsnet_edge.plan.statistics import check_filled


def checkpoint_of(arch: Arch, recalibrated: tuple[int, ...]) -> Checkpoint:
    """A fresh network after a batch of images on these paths."""
    torch.manual_seed(0)
    net, size = SlimmableNet(arch), arch.image_size
    images = torch.randn(4, 3, size, size)
    with torch.no_grad():
        for choice in recalibrated:
            net(images, Path((choice,)), Statistics(from_batch=True, momentum=1.0))
    spec = InputSpec(size, size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), size)
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    return Checkpoint(arch, spec, tuple(str(label) for label in range(arch.n_classes)), state)


def test_a_path_left_out_is_named_with_its_first_row(tmp_path: FilePath) -> None:
    file = tmp_path / "net.safetensors"
    write_checkpoint(checkpoint_of(tiny_arch(4), (0, 1, 3)), file)
    with pytest.raises(BundleError) as caught:
        from_checkpoint(file)
    assert str(caught.value) == (
        f"{file}: row 2 of blocks.2.pointwise.norm is unfilled (mean 0 and variance 1 throughout), like 2 more rows, so path 2 "
        "cannot run; recalibrate with 'dsnet-edge train recalibrate', or leave out path 2 with --paths"
    )
    assert [path.choices[0] for path in from_checkpoint(file, (0, 1, 3)).plan.program.paths] == [0, 1, 3]
    assert from_checkpoint(file, (3,)).plan.arena_bytes > 0


def test_a_network_that_was_never_recalibrated(tmp_path: FilePath) -> None:
    file = tmp_path / "net.safetensors"
    write_checkpoint(checkpoint_of(tiny_arch(), ()), file)
    with pytest.raises(
        BundleError, match=r"row 0 of blocks.0.conv.norm .* so paths 0, 1, 2 cannot run; recalibrate with '[a-z -]*'$"
    ):
        from_checkpoint(file)
    assert read_checkpoint(file).tensors, "training must be able to read it"


def test_rows_of_the_teacher_alone_need_not_be_filled() -> None:
    arch = preset("dsmbnet14-32")
    checkpoint = checkpoint_of(arch, tuple(range(14)))
    check_filled(checkpoint, arch.space.paths(), "net")
    with pytest.raises(BundleError, match=r"row 1 of blocks.1.pointwise.norm .* path 14 cannot run"):
        check_filled(checkpoint, arch.paths, "net")


def test_a_channel_like_a_fresh_one_is_no_reason() -> None:
    arch = tiny_arch()
    checkpoint = checkpoint_of(arch, (0, 1, 2))
    checkpoint.tensors["blocks.1.depthwise.norm.mean"][0, :-1] = 0
    checkpoint.tensors["blocks.1.depthwise.norm.var"][0, :-1] = 1
    check_filled(checkpoint, arch.space.paths(), "net")
    checkpoint.tensors["blocks.1.depthwise.norm.mean"][0, -1] = 0
    check_filled(checkpoint, arch.space.paths(), "net")
    checkpoint.tensors["blocks.1.depthwise.norm.var"][0, -1] = 1
    with pytest.raises(BundleError, match=r"row 0 of blocks.1.depthwise.norm is unfilled .* paths 0, 1, 2"):
        check_filled(checkpoint, arch.space.paths(), "net")


def test_the_demo_model_is_filled() -> None:
    checkpoint = read_checkpoint(demo.CHECKPOINT)
    check_filled(checkpoint, checkpoint.arch.paths, "demo")
