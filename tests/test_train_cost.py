"""The gate's complexity loss in costs that a profile measured."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from test_train_gate import ARCH, QUIET, RECIPE, Images, biased_net

from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Program
from dsnet_edge.profile import Profile, write_profile
from dsnet_edge.train.cost import CostSource, GateCosts, madds_costs, measured_costs
from dsnet_edge.train.gate import gate_space, train_gate
from dsnet_edge.train.gate_loss import complexity_loss
from profiles import energy, profile, series

MADDS = tuple(Program.from_arch(ARCH).madds(path) for path in ARCH.space.paths())


def profile_of(ms: tuple[float, ...] = (1.0, 1.5, 2.0), **changes: object) -> Profile:
    """Of a bundle of the network in `test_train_gate.py`."""
    made = profile(series=(series(ms=ms),))
    bundle = dataclasses.replace(made.bundle, name="two", height=8, width=8, choices=(0, 1, 2), madds=MADDS)
    return dataclasses.replace(made, bundle=bundle, **changes)


@pytest.fixture
def measure(tmp_path):
    """The costs that a profile gives once it has been a file."""

    def costs(found: Profile, unit: str = "ms", recipe=RECIPE, backend: str = "sliced", force: bool = False) -> GateCosts:
        write_profile(found, tmp_path / "pi.json")
        source = CostSource(tmp_path / "pi.json", "mj" if unit == "mj" else "ms", backend, 1, force)
        return measured_costs(source, ARCH, gate_space(ARCH, recipe))

    return costs


def shares_of(costs: GateCosts | None, recipe=RECIPE) -> list[float]:
    """Of 256 images, on each path, by a gate trained with these costs."""
    net, split = biased_net(), Images()
    train_gate(net, split, recipe, 0, QUIET, costs)
    choices = net.dynamic(split.images)[1]
    return (torch.bincount(choices, minlength=3) / len(choices)).tolist()


def test_costs_are_the_profiles_medians(measure) -> None:
    found = measure(profile_of())
    assert (found.values, found.total, found.unit) == ((1.0, 1.5, 2.0), 2.0, "ms")  # here the widest path is the teacher
    assert measure(profile_of(energy=energy((2.0, 3.1, 4.2))), "mj").values == (2.0, 3.1, 4.2)


def test_a_restricted_gate_takes_the_costs_of_its_choices_and_scales_the_total_to_the_teacher(measure) -> None:
    found = measure(profile_of(), recipe=dataclasses.replace(RECIPE, low=0, high=2))
    assert found.values == (1.0, 1.5) and found.total == pytest.approx(1.5 * MADDS[2] / MADDS[1])


def test_the_record_says_which_figures_of_which_profile(measure) -> None:
    record = measure(profile_of()).record
    assert {key: record[key] for key in ("unit", "profile", "device", "backend", "threads", "precision")} == {
        "unit": "ms",
        "profile": "pi.json",
        "device": "Raspberry Pi 5 Model B Rev 1.0",
        "backend": "sliced",
        "threads": 1,
        "precision": "fp32",
    }
    assert len(record["sha256"]) == 64


def test_the_loss_and_its_gradient_by_hand() -> None:
    # Two images on paths 0 and 2: C = (1 + 2) / 2 = 1.5, T = 2.5, (C / T)^2 = 0.36, d/dg[n, p] = 2 C / T^2 x cost[p] / 2.
    gates = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], requires_grad=True)
    loss = complexity_loss(gates, torch.tensor([1.0, 1.5, 2.0]), 2.5)
    loss.backward()
    assert loss.item() == pytest.approx(0.36)
    assert gates.grad.tolist() == [pytest.approx([0.24, 0.36, 0.48])] * 2


def test_costs_in_proportion_to_multiply_adds_train_the_gate_that_multiply_adds_train(measure) -> None:
    recipe = dataclasses.replace(RECIPE, lambda_cplx=2.0, low=0, high=2)
    space = gate_space(ARCH, recipe)
    scaled = measure(profile_of(tuple(madds / 1000 for madds in MADDS)), recipe=recipe)
    nets = biased_net(), biased_net()
    for net, costs in zip(nets, (madds_costs(ARCH, space), scaled), strict=True):
        train_gate(net, Images(), recipe, 0, QUIET, costs)
    assert torch.allclose(nets[0].gate.weight, nets[1].gate.weight, atol=1e-5)


def test_a_device_on_which_width_is_dear_gets_a_narrower_gate_than_one_on_which_it_is_free(measure) -> None:
    recipe = dataclasses.replace(RECIPE, lambda_cls=0.1, lambda_cplx=3.0, lambda_sgs=0.1)
    free, dear = (shares_of(measure(profile_of(ms)), recipe) for ms in ((1.0, 1.0, 1.0), (0.35, 1.0, 8.0)))
    assert free == [0.5, 0.0, 0.5], "the images that need the widest path get it where it costs nothing"
    assert dear[0] > 0.9


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bundle": {"name": "other"}}, "measured other at 8 x 8, and the checkpoint is two at 8 x 8"),
        ({"bundle": {"height": 16}}, "measured two at 16 x 8"),
        ({"bundle": {"choices": (0, 1, 3)}}, "lacks choice 2, which the gate may take"),
        ({"bundle": {"madds": (1, 2, 3)}}, r"choice 0 has 1 MAdds, and \d+ in the checkpoint"),
        ({"series": (series(ms=(1.0, 1.5)),)}, "sliced x1 lacks path 2"),
        ({"series": (series("litert", ms=(1.0, 1.5, 2.0)),)}, "no times of sliced x1 .*, only of litert x1"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused_in_one_line(measure, changes, said) -> None:
    found = profile_of()
    bundle = dataclasses.replace(found.bundle, **changes.pop("bundle", {}))
    with pytest.raises(DsnetError, match=said) as error:
        measure(dataclasses.replace(found, bundle=bundle, **changes))
    assert "pi.json" in str(error.value) and "\n" not in str(error.value)


def test_energies_that_nobody_measured_are_refused(measure) -> None:
    with pytest.raises(DsnetError, match="has no energies"):
        measure(profile_of(energy=None), "mj")


def test_noise_is_taken_by_force_only(measure) -> None:
    noisy = profile_of()
    noisy = dataclasses.replace(noisy, series=(dataclasses.replace(noisy.series[0], verdict="noisy"),))
    with pytest.raises(DsnetError, match=r"sliced x1 is noisy in ms, and a gate would learn that; .*--force"):
        measure(noisy)
    assert measure(noisy, force=True).values == (1.0, 1.5, 2.0)
