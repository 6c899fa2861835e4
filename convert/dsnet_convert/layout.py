"""Weight layouts of `model.dsnet` (docs/format.md): arrays as the native kernels read them."""

from __future__ import annotations

import numpy as np

from dsnet_edge.plan.model_file import PANEL, conv2d_block
from dsnet_edge.plan.plan import Array


def pack_panels(weight: Array, group: int = 1) -> Array:
    """`[c_out, ...]` to panels `[n_panels, k, 16]`: 16 output channels innermost, the flattened rest as the K index.

    With a `group` above 1, neighbouring inputs lie together: `[n_panels, ceil(k/group), 16, group]`, zeros behind the last.
    """
    flat = weight.reshape(weight.shape[0], -1)
    n_panels, n_groups = -(-flat.shape[0] // PANEL), -(-flat.shape[1] // group)
    padded = np.zeros((n_panels * PANEL, n_groups * group), weight.dtype)
    padded[: flat.shape[0], : flat.shape[1]] = flat
    panels = padded.reshape(n_panels, PANEL, n_groups, group).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(panels if group > 1 else panels[..., 0])


def pack_conv2d(weight: Array, group: int = 1) -> Array:
    """`[c_out, k, k, c_in]` to panels whose K index goes by blocks of input channels, and in a block by taps: what a path with
    fewer inputs takes is a prefix."""
    c_out, kernel, _, c_in = weight.shape
    block = conv2d_block(c_in)
    return pack_panels(weight.reshape(c_out, kernel * kernel, c_in // block, block).transpose(0, 2, 1, 3), group)


def pack_taps(weight: Array) -> Array:
    """`[c, k, k]` to taps `[k*k, c_pad]`: channels innermost, padded to 16."""
    return pad_channels(weight.reshape(weight.shape[0], -1).T)


def pad_channels(rows: Array) -> Array:
    """`[rows, c]` to `[rows, c_pad]`, zeros behind."""
    c_pad = -(-rows.shape[1] // PANEL) * PANEL
    padded = np.zeros((rows.shape[0], c_pad), rows.dtype)
    padded[:, : rows.shape[1]] = rows
    return padded
