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
    """EfficientNet-B0 itself, which has neither gate nor choice: what the dynamic ones are compared with."""
    return _b0("effnet-b0", 224, n_classes, 1.0, [1.0])


# ResNet-50: blocks and width of each of its stages, whose bottlenecks have a quarter of it inside.
_R50 = ((3, 256), (4, 512), (6, 1024), (3, 2048))
_R50_STEM = 64
_R50_RATIOS = (0.25, 0.5, 0.75, 1.0)


def dsresnet50(n_classes: int = 1000) -> Arch:
    """The paper's space (section 4.1): ResNet-50 with group norm, and a gate of four ratios in the first block of each stage.

    Attention at the start of every block. The paper gives neither its hidden width, here a sixteenth of the widest input and at
    least 16, nor the groups, here of 16 channels.
    """
    return _r50("dsresnet50", 224, n_classes, _R50, _R50_STEM, _R50_RATIOS)


def dsresnet50_small(image_size: int, n_classes: int = 10) -> Arch:
    """The paper's space with a stem, and stages of one or two blocks, of 4/4, 4/4, 4/8 and 4/16 of its width, for 32- and
    64-pixel images."""
    stages = ((1, 256), (2, 256), (2, 256), (1, 512))
    arch = _r50(f"dsresnet50-{image_size}", image_size, n_classes, stages, _R50_STEM, _R50_RATIOS)
    stem = replace(arch.blocks[0], kernel=3, stride=image_size // 32)
    return replace(arch, blocks=(stem, *arch.blocks[2:]), gates=tuple(replace(g, block=g.block - 1) for g in arch.gates))


def resnet50(n_classes: int = 1000) -> Arch:
    """ResNet-50 with group norm, without attention, gate or choice: what the dynamic one is compared with."""
    arch = _r50("resnet50", 224, n_classes, _R50, _R50_STEM, [1.0])
    return replace(arch, blocks=tuple(replace(block, attention=None) for block in arch.blocks))


def mbnet(ratio: float, n_classes: int = 1000) -> Arch:
    """MobileNetV1 at a ratio of its width: the static network of the paper's table 2."""
    return _v1(f"mbnet-{ratio:.2f}", n_classes, [ratio])


def usmbnet(n_classes: int = 1000) -> Arch:
    """MobileNetV1 slimmed uniformly, the whole of it, to 16 ratios from 0.25 in steps of 0.05: the universally slimmable network
    of table 2. No gate: whoever calls it chooses."""
    return _v1("usmbnet", n_classes, [0.25 + 0.05 * p for p in range(16)])


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
    "dsresnet50": (dsresnet50, 1000),
    "dsresnet50-32": (partial(dsresnet50_small, 32), 10),
    "dsresnet50-64": (partial(dsresnet50_small, 64), 10),
    "resnet50": (resnet50, 1000),
    "mbnet-0.50": (partial(mbnet, 0.5), 1000),
    "mbnet-0.75": (partial(mbnet, 0.75), 1000),
    "mbnet-1.00": (partial(mbnet, 1.0), 1000),
    "usmbnet": (usmbnet, 1000),
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
    return Arch(name, image_size, n_classes, tuple(blocks), (Gate(block=len(prefix), n_choices=14),))


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
    gates = (Gate(block=1 + _B0_PREFIX, n_choices=n),) if n > 1 else ()
    return Arch(name, image_size, n_classes, tuple(blocks), gates, norm_eps=1e-3)


def _r50(
    name: str, image_size: int, n_classes: int, stages: Sequence[tuple[int, int]], stem: int, ratios: Sequence[float]
) -> Arch:
    n = len(ratios)
    blocks = [Block("conv", (stem,) * n, 2, kernel=7, activation="relu")]
    blocks.append(Block("max_pool", (stem,) * n, 2))
    gates = []
    for stage, (count, base) in enumerate(stages):
        if n > 1:
            gates.append(Gate(block=len(blocks), n_choices=n))
        for index in range(count):
            attention = Attention(max(16, blocks[-1].widths[-1] // 16))
            stride = 2 if stage and not index else 1
            widths = tuple(round(ratio * base) for ratio in ratios)
            blocks.append(Block("bottleneck", widths, stride, activation="relu", attention=attention, expansion=4))
    return Arch(name, image_size, n_classes, tuple(blocks), tuple(gates), norm="group")


_V1 = (32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)  # the stem and the 13 separable blocks of MobileNetV1


def _v1(name: str, n_classes: int, ratios: Sequence[float]) -> Arch:
    """ReLU and no attention; widths to the nearest multiple of 8."""
    blocks = []
    for index, (base, stride) in enumerate(zip(_V1, _STRIDES_224, strict=True)):
        widths = tuple(_multiple_of_8(ratio * base) for ratio in ratios)
        blocks.append(Block("separable" if index else "conv", widths, stride, activation="relu"))
    return Arch(name, 224, n_classes, tuple(blocks), ())


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
    return Arch(name, image_size, n_classes, tuple(blocks), (Gate(block=len(prefix), n_choices=18, bias=True),))
