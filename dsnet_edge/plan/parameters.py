"""Names and shapes of an architecture's parameters and statistics, as checkpoints hold them and `nn` builds them."""

from __future__ import annotations

from dsnet_edge.arch import Arch, Block

Shape = tuple[int, ...]


def parameter_shapes(arch: Arch) -> dict[str, Shape]:
    """Every tensor of a checkpoint of `arch`, in the order the network runs."""
    shapes: dict[str, Shape] = {}
    c_in = 3
    for index, block in enumerate(arch.blocks):
        shapes |= _block(arch, index, block, c_in)
        c_in = block.widths[-1]
    for index, gate in enumerate(arch.gates):
        name = arch.head_name(index)
        hidden, c_pooled = shapes[f"blocks.{gate.block}.attention.reduce.weight"]
        if gate.w1 == "separate":
            shapes |= _linear(f"{name}.reduce", hidden, c_pooled)
        shapes |= _linear(name, gate.n_choices if gate.design == "one_hot" else 1, hidden, gate.bias)
    return shapes | _linear("classifier", arch.n_classes, c_in)


def _block(arch: Arch, index: int, block: Block, c_in: int) -> dict[str, Shape]:
    name, c_out, kernel = f"blocks.{index}", block.widths[-1], block.kernel
    wide, rows = c_in * (block.expansion if block.kind == "inverted" else 1), arch.rows(index)
    shapes: dict[str, Shape] = {}
    match block.kind:
        case "conv":
            shapes |= _normalised(arch, f"{name}.conv", (c_out, c_in, kernel, kernel), rows)
        case "pointwise":
            shapes |= _normalised(arch, f"{name}.pointwise", (c_out, c_in), rows)
        case "separable" | "inverted":
            if block.expansion > 1:
                shapes |= _normalised(arch, f"{name}.expand", (wide, c_in), arch.rows(index - 1))
            shapes |= _normalised(arch, f"{name}.depthwise", (wide, 1, kernel, kernel), arch.rows(index - 1))
            last = "pointwise" if block.kind == "separable" else "project"
            shapes |= _normalised(arch, f"{name}.{last}", (c_out, wide), rows)
        case "bottleneck":
            inner = c_out // block.expansion
            shapes |= _normalised(arch, f"{name}.reduce", (inner, c_in), rows)
            shapes |= _normalised(arch, f"{name}.conv", (inner, inner, kernel, kernel), rows)
            shapes |= _normalised(arch, f"{name}.expand", (c_out, inner), rows)
            if not arch.has_shortcut(index):
                shapes |= _normalised(arch, f"{name}.shortcut", (c_out, c_in), rows)
        case "max_pool":
            pass
    if block.attention:
        shapes |= _linear(f"{name}.attention.reduce", block.attention.hidden, wide)
        shapes |= _linear(f"{name}.attention.expand", wide, block.attention.hidden)
    return shapes


def _normalised(arch: Arch, name: str, weight: Shape, rows: tuple[int, ...]) -> dict[str, Shape]:
    """A convolution without bias, the affine of its norm, and of batch norm the bank of statistics `[n_rows, C]`."""
    c, bank = weight[0], (max(rows) + 1, weight[0])
    shapes = {f"{name}.weight": weight, f"{name}.norm.weight": (c,), f"{name}.norm.bias": (c,)}
    return shapes | ({f"{name}.norm.mean": bank, f"{name}.norm.var": bank} if arch.norm == "batch" else {})


def _linear(name: str, n_out: int, n_in: int, bias: bool = True) -> dict[str, Shape]:
    return {f"{name}.weight": (n_out, n_in)} | ({f"{name}.bias": (n_out,)} if bias else {})
