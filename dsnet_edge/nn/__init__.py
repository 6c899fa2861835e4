"""Slimmable layers, the double-headed gate and the network, in PyTorch."""

from dsnet_edge.nn.gate import gumbel_one_hot
from dsnet_edge.nn.layers import BANK, BATCH, Statistics
from dsnet_edge.nn.network import Cut, SlimmableNet

__all__ = ["BANK", "BATCH", "Cut", "SlimmableNet", "Statistics", "gumbel_one_hot"]
