"""Weight layouts of `model.dsnet` (docs/format.md): arrays as the native kernels read them."""

from __future__ import annotations

import numpy as np

from dsnet_edge.plan.plan import Array

PANEL = 16
TILE = "f32-panel16"


def pack_panels(weight: Array) -> Array:
    """`[c_out, ...]` to panels `[n_panels, k, 16]`: 16 output channels innermost, the flattened rest as the K index."""
    c_out = weight.shape[0]
    flat = weight.reshape(c_out, -1)
    n_panels = -(-c_out // PANEL)
    padded = np.zeros((n_panels * PANEL, flat.shape[1]), np.float32)
    padded[:c_out] = flat
    return np.ascontiguousarray(padded.reshape(n_panels, PANEL, -1).transpose(0, 2, 1))


def pack_taps(weight: Array) -> Array:
    """`[c, k, k]` to taps `[k*k, c_pad]`: channels innermost, padded to 16."""
    return pad_channels(weight.reshape(weight.shape[0], -1).T)


def pad_channels(rows: Array) -> Array:
    """`[rows, c]` to `[rows, c_pad]`, zeros behind."""
    c_pad = -(-rows.shape[1] // PANEL) * PANEL
    padded = np.zeros((rows.shape[0], c_pad), np.float32)
    padded[:, : rows.shape[1]] = rows
    return padded
