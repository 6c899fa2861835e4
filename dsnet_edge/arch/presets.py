"""The networks we know by name."""

from __future__ import annotations

from collections.abc import Sequence

from dsnet_edge.arch.arch import Arch, Attention, Block, Gate
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


PRESETS = ("dsmbnet14", "dsmbnet14-32", "dsmbnet14-64", "dsmbnet18", "dsmbnet18-32", "dsmbnet18-64")


def preset(name: str, n_classes: int | None = None) -> Arch:
    """The preset of that name, for its own number of classes (1000, small ones 10) or another."""
    if name not in PRESETS:
        raise DsnetError(f"no architecture is called {name!r}; choose one of {', '.join(PRESETS)}")
    family, _, size = name.partition("-")
    if size:
        small = {"dsmbnet14": dsmbnet14_small, "dsmbnet18": dsmbnet18_small}[family]
        return small(int(size), n_classes or 10)
    return {"dsmbnet14": dsmbnet14, "dsmbnet18": dsmbnet18}[family](n_classes or 1000)


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
