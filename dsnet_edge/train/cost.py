"""What a path costs in the complexity loss: multiply-adds, or what a profile measured on the device to be deployed on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.arch import Arch, PathSpace
from dsnet_edge.plan import Program
from dsnet_edge.profile import Profile, ProfileError, read_profile
from dsnet_edge.profile.costs import Unit, path_costs


@dataclass(frozen=True)
class GateCosts:
    """One cost for each path of the gate's space, and the total T of eq. 11: that of the teacher."""

    values: tuple[float, ...]
    total: float
    unit: str = "madds"
    record: dict[str, Any] = field(default_factory=lambda: {"unit": "madds"})  # for the checkpoint: where the costs are from


@dataclass(frozen=True)
class CostSource:
    """Which figures of which profile."""

    file: FilePath
    unit: Unit
    backend: str
    threads: int
    force: bool = False  # take figures that are noisy or throttled


def madds_costs(arch: Arch, space: PathSpace) -> GateCosts:
    program = Program.from_arch(arch)
    return GateCosts(tuple(float(program.madds(path)) for path in space.paths()), float(program.madds(space.teacher)))


def measured_costs(source: CostSource, arch: Arch, space: PathSpace) -> GateCosts:
    """Raises ProfileError where the profile is of another network, lacks a path of the space, or is not to be trusted.

    No bundle has the teacher, so its cost is that of the widest path of the space, scaled by multiply-adds. With that, costs in
    proportion to multiply-adds give the very loss that multiply-adds give, and `lambda_cplx` keeps its scale.
    """
    profile = read_profile(source.file)
    places = _places(profile, source.file, arch, space)
    costs = path_costs(profile, source.unit, source.backend, source.threads, str(source.file), places)
    if costs.doubts and not source.force:
        raise ProfileError(
            f"{source.file}: {source.backend} x{source.threads} is {' and '.join(costs.doubts)} in {source.unit}, "
            "and a gate would learn that; profile again, or take it with --force"
        )
    program = Program.from_arch(arch)
    total = costs.values[-1] * program.madds(space.teacher) / program.madds(space.widest)
    return GateCosts(costs.values, total, source.unit, _record(profile, source))


def _places(profile: Profile, file: FilePath, arch: Arch, space: PathSpace) -> list[int]:
    """Where the profile's bundle has each path of the space."""
    bundle, program = profile.bundle, Program.from_arch(arch)
    if (bundle.name, bundle.height, bundle.width) != (arch.name, arch.image_size, arch.image_size):
        found, wanted = (
            f"{bundle.name} at {bundle.height} x {bundle.width}",
            f"{arch.name} at {arch.image_size} x {arch.image_size}",
        )
        raise ProfileError(f"{file}: measured {found}, and the checkpoint is {wanted}; profile a bundle of the checkpoint")
    places = []
    for path in space.paths():
        choice = path.choices[0]
        if choice not in bundle.choices:
            raise ProfileError(
                f"{file}: its bundle lacks choice {choice}, which the gate may take; profile a bundle with all paths"
            )
        place = bundle.choices.index(choice)
        if bundle.madds[place] != program.madds(path):
            raise ProfileError(
                f"{file}: choice {choice} has {bundle.madds[place]} MAdds, and {program.madds(path)} in the checkpoint; "
                "profile a bundle of the checkpoint"
            )
        places.append(place)
    return places


def _record(profile: Profile, source: CostSource) -> dict[str, Any]:
    return {
        "unit": source.unit,
        "profile": source.file.name,
        "sha256": hashlib.sha256(source.file.read_bytes()).hexdigest(),
        "measured": profile.created,
        "device": profile.device.name,
        "backend": source.backend,
        "threads": source.threads,
        "precision": profile.bundle.precision,
    }
