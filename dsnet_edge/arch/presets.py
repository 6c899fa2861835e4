"""The networks we know by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from dsnet_edge.arch.arch import Activation, Arch, Attention, Block, Gate
from dsnet_edge.errors import DsnetError

_STRIDES_224 = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)  # the stem and the 13 separable blocks of MobileNetV1
_STRIDES_32 = (1, 1, 2, 1, 1, 1, 2, 1, 1, 2, 1)  # a quarter of the reduction, and three blocks of stage 4


def dsmbnet14(n_classes: int = 1000) -> Arch:
    """The authors' released space: 14 paths, a fixed slim prefix, sigmoid attention in every block, and a teacher
    (their mode "largest", 819.9 M MAdds) that is wider than any routable path even in the prefix."""
    prefix = [(16, 24), (32, 88), (48, 168), (48, 168), (96, 264), (96, 264)]
    stage4 = [224 + 32 * p for p in range(14)]
    stage5 = [736 + 32 * p for p in range(14)]
    return _released("dsmbnet14", 224, n_classes, prefix, [stage4] * 6 + [stage5] * 2, _STRIDES_224)


def dsmbnet14_small(image_size: int, n_classes: int = 10) -> Arch:
    """The released space at a quarter of its suffix and half of its prefix widths, with three blocks of stage 4, for
    32- and 64-pixel images."""
    prefix = [(8, 8), (16, 24), (24, 40), (24, 40), (48, 64), (48, 64)]
    stage4 = [56 + 8 * p for p in range(14)]
    stage5 = [184 + 8 * p for p in range(14)]
    return _released(
        f"dsmbnet14-{image_size}", image_size, n_classes, prefix, [stage4] * 3 + [stage5] * 2, _small_strides(image_size)
    )


def dsmbnet18(n_classes: int = 1000) -> Arch:
    """The paper's space (section 4.1): MobileNetV1, its first 5 blocks at 0.5, then 18 ratios from 0.35 in steps of 0.05.

    Widths are `ratio * C` to the nearest multiple of 8, the paper's smallest division. One double-headed gate with a
    1 + tanh attention head cuts the network after the fifth block.
    """
    return _paper("dsmbnet18", 224, n_classes, (16, 32, 64, 64, 128, 128), [512] * 6 + [1024] * 2, _STRIDES_224)


def dsmbnet18_small(image_size: int, n_classes: int = 10) -> Arch:
    """The paper's space at half its width, with three blocks of stage 4, for 32- and 64-pixel images."""
    return _paper(
        f"dsmbnet18-{image_size}",
        image_size,
        n_classes,
        (8, 16, 32, 32, 64, 64),
        [256] * 3 + [512] * 2,
        _small_strides(image_size),
    )


# EfficientNet-B0: expansion, kernel, stride and width of its 16 blocks; those from the ninth on are dynamic.
_B0 = ((1, 3, 1, 16), (6, 3, 2, 24), (6, 3, 1, 24), (6, 5, 2, 40), (6, 5, 1, 40), (6, 3, 2, 80), (6, 3, 1, 80), (6, 3, 1, 80),
       (6, 5, 1, 112), (6, 5, 1, 112), (6, 5, 1, 112), (6, 5, 2, 192), (6, 5, 1, 192), (6, 5, 1, 192), (6, 5, 1, 192),
       (6, 3, 1, 320))  # fmt: skip
_B0_PREFIX = 8
_B0_STEM, _B0_HEAD = 32, 1280
_B0_RATIOS = tuple(0.75 + 0.05 * p for p in range(20))


def dseffnet_b0(n_classes: int = 1000) -> Arch:
    """The paper's space (section 4.1): EfficientNet-B0, its stem and first 8 blocks at 0.5, then 20 ratios from 0.75 in steps
    of 0.05, to the nearest multiple of 8.

    The gate shares the squeeze-and-excitation of the ninth block, as the released MobileNet's gate does that of its own.
    """
    return _b0("dseffnet-b0", 224, n_classes, 0.5, _B0_RATIOS)


def dseffnet_b0_edge(n_classes: int = 1000) -> Arch:
    """The same for old cores and for int8: ReLU6, and no attention but the gate's."""
    arch = dseffnet_b0(n_classes)
    blocks = (
        replace(block, activation="relu6", attention=block.attention if index == arch.gate.block else None)
        for index, block in enumerate(arch.blocks)
    )
    return replace(arch, name="dseffnet-b0-edge", blocks=tuple(blocks))


def dseffnet_small(image_size: int, n_classes: int = 10) -> Arch:
    """The paper's space at half its width and an eighth of the reduction, for 32- and 64-pixel images."""
    ratios = [0.5 * ratio for ratio in _B0_RATIOS]
    arch = _b0(f"dseffnet-b0-{image_size}", image_size, n_classes, 0.25, ratios, head=0.25)
    strides = (image_size // 32, *(1 if index < 3 else block.stride for index, block in enumerate(arch.blocks[1:])))
    return replace(arch, blocks=tuple(replace(b, stride=stride) for b, stride in zip(arch.blocks, strides, strict=True)))


def effnet_b0(n_classes: int = 1000) -> Arch:
    """EfficientNet-B0 itself, with a gate that has no choice: what the dynamic ones are compared with."""
    return _b0("effnet-b0", 224, n_classes, 1.0, [1.0])


# With its own number of classes.
_BUILDERS: dict[str, tuple[Callable[[int], Arch], int]] = {
    "dsmbnet14": (dsmbnet14, 1000),
    "dsmbnet14-32": (partial(dsmbnet14_small, 32), 10),
    "dsmbnet14-64": (partial(dsmbnet14_small, 64), 10),
    "dsmbnet18": (dsmbnet18, 1000),
    "dsmbnet18-32": (partial(dsmbnet18_small, 32), 10),
    "dsmbnet18-64": (partial(dsmbnet18_small, 64), 10),
    "dseffnet-b0": (dseffnet_b0, 1000),
    "dseffnet-b0-edge": (dseffnet_b0_edge, 1000),
    "dseffnet-b0-32": (partial(dseffnet_small, 32), 10),
    "dseffnet-b0-64": (partial(dseffnet_small, 64), 10),
    "effnet-b0": (effnet_b0, 1000),
}
PRESETS = tuple(_BUILDERS)


def preset(name: str, n_classes: int | None = None) -> Arch:
    """The preset of that name, for its own number of classes (1000, small ones 10) or another."""
    if name not in _BUILDERS:
        raise DsnetError(f"no architecture is called {name!r}; choose one of {', '.join(PRESETS)}")
    build, own = _BUILDERS[name]
    return build(n_classes or own)


def _small_strides(image_size: int) -> tuple[int, ...]:
    return (image_size // 32, *_STRIDES_32[1:])


def _released(
    name: str,
    image_size: int,
    n_classes: int,
    prefix: Sequence[tuple[int, int]],
    suffix: Sequence[list[int]],
    strides: tuple[int, ...],
) -> Arch:
    """Attention between depthwise and pointwise in every block, its hidden width a quarter of the widest input."""
    widths: list[tuple[int, ...]] = [(routed,) * 14 + (teacher,) for routed, teacher in prefix]
    widths += [(*routed, routed[-1]) for routed in suffix]
    blocks = [Block("conv", widths[0], strides[0])]
    for c_in, c_out, stride in zip(widths, widths[1:], strides[1:], strict=False):
        blocks.append(Block("separable", c_out, stride, attention=Attention(round(0.25 * c_in[-1]), "sigmoid", "middle")))
    return Arch(name, image_size, n_classes, tuple(blocks), Gate(block=len(prefix), n_choices=14))


def _b0(name: str, image_size: int, n_classes: int, prefix_ratio: float, ratios: Sequence[float], head: float = 1.0) -> Arch:
    """Attention in every block, its hidden width a quarter of the widest input of the block; the gate's has a ReLU (eq. 8)."""
    n = len(ratios)
    widths = [(_multiple_of_8(prefix_ratio * _B0_STEM),) * n]
    blocks = [Block("conv", widths[0], 2)]
    for index, (expansion, kernel, stride, base) in enumerate(_B0):
        c_in = widths[-1][-1]
        static = index < _B0_PREFIX
        widths.append(tuple(_multiple_of_8((prefix_ratio if static else ratio) * base) for ratio in ratios))
        hidden_activation: Activation = "relu" if index == _B0_PREFIX and n > 1 else "silu"
        attention = Attention(max(1, c_in // 4), "sigmoid", "middle", hidden_activation)
        blocks.append(Block("inverted", widths[-1], stride, kernel, attention=attention, expansion=expansion))
    blocks.append(Block("pointwise", (_multiple_of_8(head * _B0_HEAD),) * n, kernel=1))
    gate = Gate(block=1 + _B0_PREFIX, n_choices=n)
    return Arch(name, image_size, n_classes, tuple(blocks), gate, norm_eps=1e-3)


def _multiple_of_8(width: float) -> int:
    return max(8, 8 * round(width / 8))


def _paper(
    name: str, image_size: int, n_classes: int, prefix: Sequence[int], suffix: Sequence[int], strides: tuple[int, ...]
) -> Arch:
    """ReLU, and one attention: the gate's own, at the start of the first dynamic block. The widest path teaches."""
    ratios = [0.35 + 0.05 * p for p in range(18)]
    widths: list[tuple[int, ...]] = [(width,) * 18 for width in prefix]
    widths += [tuple(8 * round(ratio * base / 8) for ratio in ratios) for base in suffix]
    blocks = [Block("conv", widths[0], strides[0], activation="relu")]
    for index, (c_out, stride) in enumerate(zip(widths[1:], strides[1:], strict=True), start=1):
        attention = Attention(prefix[-1] // 4) if index == len(prefix) else None
        blocks.append(Block("separable", c_out, stride, activation="relu", attention=attention))
    return Arch(name, image_size, n_classes, tuple(blocks), Gate(block=len(prefix), n_choices=18, bias=True))
