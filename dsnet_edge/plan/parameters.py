"""Names and shapes of an architecture's parameters and statistics, as checkpoints hold them and `nn` builds them."""

from __future__ import annotations

from dsnet_edge.arch import Arch

Shape = tuple[int, ...]


def parameter_shapes(arch: Arch) -> dict[str, Shape]:
    """Every tensor of a checkpoint of `arch`, in the order the network runs."""
    shapes: dict[str, Shape] = {}
    c_in = 3
    for index, block in enumerate(arch.blocks):
        name, c_out = f"blocks.{index}", block.widths[-1]
        wide = block.expansion * c_in
        match block.kind:
            case "conv":
                shapes |= _normalised(f"{name}.conv", (c_out, c_in, block.kernel, block.kernel), arch.rows(index))
            case "pointwise":
                shapes |= _normalised(f"{name}.pointwise", (c_out, c_in), arch.rows(index))
            case "separable" | "inverted":
                if block.expansion > 1:
                    shapes |= _normalised(f"{name}.expand", (wide, c_in), arch.rows(index - 1))
                shapes |= _normalised(f"{name}.depthwise", (wide, 1, block.kernel, block.kernel), arch.rows(index - 1))
                last = "pointwise" if block.kind == "separable" else "project"
                shapes |= _normalised(f"{name}.{last}", (c_out, wide), arch.rows(index))
        if block.attention:
            shapes |= _linear(f"{name}.attention.reduce", block.attention.hidden, wide)
            shapes |= _linear(f"{name}.attention.expand", wide, block.attention.hidden)
        c_in = c_out
    attention = arch.blocks[arch.gate.block].attention
    hidden = attention.hidden if attention else 0
    if arch.gate.w1 == "separate":
        _, c_pooled = shapes[f"blocks.{arch.gate.block}.attention.reduce.weight"]
        shapes |= _linear("gate.reduce", hidden, c_pooled)
    n_scores = arch.gate.n_choices if arch.gate.design == "one_hot" else 1
    shapes |= _linear("gate", n_scores, hidden, arch.gate.bias)
    return shapes | _linear("classifier", arch.n_classes, c_in)


def _normalised(name: str, weight: Shape, rows: tuple[int, ...]) -> dict[str, Shape]:
    """A convolution without bias, the affine of its norm, and the bank of statistics `[n_rows, C]`."""
    c, bank = weight[0], (max(rows) + 1, weight[0])
    return {
        f"{name}.weight": weight,
        f"{name}.norm.weight": (c,),
        f"{name}.norm.bias": (c,),
        f"{name}.norm.mean": bank,
        f"{name}.norm.var": bank,
    }


def _linear(name: str, n_out: int, n_in: int, bias: bool = True) -> dict[str, Shape]:
    return {f"{name}.weight": (n_out, n_in)} | ({f"{name}.bias": (n_out,)} if bias else {})
