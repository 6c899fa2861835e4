"""Architectures as frozen values: what a network is, before it has any weights."""

from dsnet_edge.arch.arch import GROUP, Activation, Arch, Attention, Block, Gate
from dsnet_edge.arch.presets import PRESETS, preset
from dsnet_edge.arch.serial import arch_from_dict, arch_to_dict
from dsnet_edge.arch.space import Path, PathSpace

__all__ = [
    "GROUP",
    "PRESETS",
    "Activation",
    "Arch",
    "Attention",
    "Block",
    "Gate",
    "Path",
    "PathSpace",
    "arch_from_dict",
    "arch_to_dict",
    "preset",
]
