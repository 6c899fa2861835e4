"""Stage I: the trainer's steps, its state, and several processes."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path as FilePath

import numpy as np
import pytest
import torch
from torch import Tensor, distributed, multiprocessing

from dsnet_edge.arch import Path
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import BATCH
from dsnet_edge.plan import InputSpec
from dsnet_edge.train.data import Data
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.memory import MemorySplit
from dsnet_edge.train.optimizer import learning_rate, make_sgd
from dsnet_edge.train.recalibrate import recalibrate
from dsnet_edge.train.recipe import DataRecipe, GateRecipe, Optimizer, Recipe, SupernetRecipe
from dsnet_edge.train.report import Reporter
from dsnet_edge.train.sandwich import sandwich_logits
from dsnet_edge.train.supernet import SupernetTrainer

SPEC = InputSpec(32, 32, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), 32)
RECIPE = Recipe(
    "test",
    "dsmbnet14-32",
    DataRecipe("cifar10", 32, 32, crop_padding=2),
    SupernetRecipe(epochs=3, batch=16, optimizer=Optimizer(0.1, warmup_epochs=1.0, clip_norm=2.0)),
    GateRecipe(epochs=1, batch=16),
)
QUIET = Reporter(enabled=False)


def data(n: int = 48) -> Data:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (n, 32, 32, 3), generator=generator, dtype=torch.uint8)
    split = MemorySplit(images, torch.arange(n) % 10, SPEC, RECIPE.data)
    return Data(split, split, SPEC, tuple("abcdefghij"))


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_resuming_gives_the_same_weights_bit_by_bit(tmp_path: FilePath) -> None:
    straight = SupernetTrainer.start(RECIPE, 10, Group())
    broken = SupernetTrainer.start(RECIPE, 10, Group())
    assert same(straight.net.state_dict(), broken.net.state_dict())
    for trainer in (straight, broken):
        trainer.train_epoch(data(), QUIET)
    broken.save(tmp_path)
    resumed = SupernetTrainer.start(dataclasses.replace(RECIPE, seed=0), 10, Group())
    resumed.resume(tmp_path / "state.pt")
    for trainer in (straight, resumed):
        trainer.train_epoch(data(), QUIET)
    assert (resumed.epoch, resumed.step) == (straight.epoch, straight.step) == (2, 6)
    assert same(resumed.net.state_dict(), straight.net.state_dict())
    assert same(resumed.target.state_dict(), straight.target.state_dict())
    assert not same(resumed.net.state_dict(), broken.net.state_dict())


def test_states_that_do_not_fit_are_refused(tmp_path: FilePath) -> None:
    trainer = SupernetTrainer.start(RECIPE, 10, Group())
    with pytest.raises(DsnetError, match="no trainer state to resume from"):
        trainer.resume(tmp_path / "state.pt")
    (tmp_path / "state.pt").write_bytes(b"not a state")
    with pytest.raises(DsnetError, match="not a trainer state"):
        trainer.resume(tmp_path / "state.pt")
    SupernetTrainer.start(dataclasses.replace(RECIPE, arch="dsmbnet18-32"), 10, Group()).save(tmp_path)
    with pytest.raises(DsnetError, match="a run of dsmbnet18-32, the recipe says dsmbnet14-32"):
        trainer.resume(tmp_path / "state.pt")


def test_sandwich_logits_are_those_of_each_path_alone() -> None:
    net = SupernetTrainer.start(RECIPE, 10, Group()).net
    x = next(data().train.eval_batches(8))[0]
    paths = [Path((14,)), Path((4,)), Path((0,))]
    with torch.no_grad():
        together = sandwich_logits(net, x, paths)
        for logits, path in zip(together, paths, strict=True):
            assert torch.allclose(logits, net(x, path, BATCH), atol=1e-6)


def test_training_keeps_the_gate_and_the_statistics_and_moves_the_rest() -> None:
    trainer = SupernetTrainer.start(RECIPE, 10, Group())
    before = {name: tensor.clone() for name, tensor in trainer.net.state_dict().items()}
    trainer.train_epoch(data(), QUIET)
    for name, tensor in trainer.net.state_dict().items():
        kept = name.startswith("gate") or name.endswith((".mean", ".var"))
        assert torch.equal(tensor, before[name]) == kept, name


def test_the_target_is_the_moving_average_of_the_network() -> None:
    recipe = dataclasses.replace(RECIPE, supernet=dataclasses.replace(RECIPE.supernet, ema_decay=0.15))
    trainer = SupernetTrainer.start(recipe, 10, Group())
    average = trainer.net.classifier.weight.detach().clone()
    batches = data().train.train_batches(16, (0, 0), Group())
    for step, (x, y) in enumerate(batches):
        trainer._train_step(lambda x, paths: sandwich_logits(trainer.net, x, paths), x, y, [Path((3,))], 0.1)
        decay = min(0.15, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * trainer.net.classifier.weight.detach()
        assert torch.allclose(trainer.target.classifier.weight, average, atol=1e-6)


def test_a_diverging_loss_stops_the_run() -> None:
    trainer = SupernetTrainer.start(RECIPE, 10, Group())
    with torch.no_grad():
        trainer.net.classifier.bias[0] = float("inf")
    with pytest.raises(DsnetError, match="the loss became nan in step 0; lower the learning rate"):
        trainer.train_epoch(data(), QUIET)
    with pytest.raises(DsnetError, match=r"8 training images do not fill a batch of 16; make supernet\.batch smaller"):
        SupernetTrainer.start(RECIPE, 10, Group()).train_epoch(data(8), QUIET)
    with pytest.raises(DsnetError, match="8 training images do not fill a batch of 16"):
        recalibrate(trainer.net, data(8).train, trainer.net.arch.paths, batch=16, n_batches=1, reporter=QUIET)


def test_the_learning_rate_warms_up_and_follows_a_cosine() -> None:
    recipe = Optimizer(1.0, warmup_epochs=5.0, final_fraction=0.01)
    rates = [learning_rate(recipe, epoch, 105) for epoch in (0, 2.5, 5, 30, 55, 105)]
    expected = [0.1, 0.55, 1.0, 0.01 + 0.99 * (1 + np.cos(np.pi / 4)) / 2, 0.505, 0.01]
    assert rates == pytest.approx(expected)


def test_weight_decay_spares_norms_biases_and_the_gate() -> None:
    net = SupernetTrainer.start(RECIPE, 10, Group()).net
    decayed, spared = make_sgd(net, Optimizer(0.1, weight_decay=0.5)).param_groups
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    assert decayed["weight_decay"] == 0.5 and spared["weight_decay"] == 0
    assert {names[id(p)].split(".")[-1] for p in decayed["params"]} == {"weight"}
    assert all(names[id(p)].endswith("bias") or ".norm." in names[id(p)] for p in spared["params"])
    assert not any(names[id(p)].startswith("gate") for group in (decayed, spared) for p in group["params"])


def test_recalibration_is_the_cumulative_average_over_the_batches() -> None:
    net = SupernetTrainer.start(RECIPE, 10, Group()).net
    split = data().train
    recalibrate(net, split, net.arch.paths, batch=16, n_batches=3, reporter=QUIET)
    outputs = [torch.nn.functional.conv2d(x, net.blocks[0].conv.weight, padding=1) for x in split.calibration_batches(16)]
    means = torch.stack([y.mean((0, 2, 3)) for y in outputs]).mean(0)
    variances = torch.stack([y.var((0, 2, 3)) for y in outputs]).mean(0)
    norm = net.blocks[0].conv.norm
    assert torch.allclose(norm.mean, means[None], atol=1e-5)
    assert torch.allclose(norm.var, variances[None], rtol=1e-4)
    x = next(split.calibration_batches(48))
    for path in net.arch.paths:  # the statistics are those of the images, so evaluation agrees with the batch's own
        assert torch.allclose(net(x, path), net(x, path, BATCH), atol=0.05)


class Doubled:
    """The second half of every batch repeats the first, so that two processes have the batch statistics of one."""

    def __init__(self, inner: MemorySplit) -> None:
        self.inner = inner

    def __len__(self) -> int:
        return 2 * len(self.inner)

    def train_batches(self, batch: int, seed: tuple[int, int], group: Group) -> Iterator[tuple[Tensor, Tensor]]:
        for x, y in self.inner.train_batches(batch // 2, seed, Group()):
            yield (x, y) if group.world == 2 else (torch.cat([x, x]), torch.cat([y, y]))


def two_epochs(group: Group) -> dict[str, Tensor]:
    torch.set_num_threads(1)
    whole = data(32)
    trainer = SupernetTrainer.start(RECIPE, 10, group)
    doubled = dataclasses.replace(whole, train=Doubled(whole.train))
    for _ in range(2):
        trainer.train_epoch(doubled, QUIET)
    return trainer.net.state_dict()


def worker(rank: int, folder: str) -> None:
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    torch.save(two_epochs(Group(rank, 2)), f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_train_as_one_with_twice_the_batch(tmp_path: FilePath) -> None:
    multiprocessing.spawn(worker, (str(tmp_path),), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    alone = two_epochs(Group())
    start = SupernetTrainer.start(RECIPE, 10, Group()).net.state_dict()
    assert same(first, second)
    for name, tensor in alone.items():
        moved = (tensor - start[name]).abs().max()
        assert (first[name] - tensor).abs().max() <= 1e-3 * moved, name
