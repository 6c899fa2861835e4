"""Networks small enough to be converted in seconds, with weights for which every path and every image differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dsnet_edge.arch import Activation, Arch, Attention, Block, Gate
from dsnet_edge.plan import InputSpec, Plan, Program
from dsnet_edge.plan.oracle import run_segment
from dsnet_edge.plan.parameters import parameter_shapes


def tiny_arch(
    n_paths: int = 3,
    image_size: int = 16,
    activation: Activation = "silu",
    attention: Activation = "sigmoid",
    bias: bool = False,
) -> Arch:
    """A stem, a separable block with attention, the gate's block (attention at the start), one more: every op kind."""
    suffix = tuple(12 + 4 * path for path in range(n_paths))
    blocks = (
        Block("conv", (8,) * n_paths, 2, activation=activation),
        Block("separable", (12,) * n_paths, 1, activation=activation, attention=Attention(4, attention, "middle")),
        Block("separable", suffix, 2, activation=activation, attention=Attention(6, attention, "start")),
        Block("separable", suffix, 1, activation=activation),
    )
    return Arch("tiny", image_size, 5, blocks, (Gate(block=2, n_choices=n_paths, bias=bias),))


def tiny_inverted_arch(n_paths: int = 3, image_size: int = 16) -> Arch:
    """Inverted residual blocks: with and without expansion, attention and shortcut, on both sides of the gate."""
    suffix = tuple(12 + 4 * path for path in range(n_paths))
    attention = Attention(4, "sigmoid", "middle", "silu")
    blocks = (
        Block("conv", (8,) * n_paths, 2),
        Block("inverted", (8,) * n_paths, attention=attention),
        Block("inverted", suffix, 2, 5, attention=replace(attention, hidden_activation="relu"), expansion=3),
        Block("inverted", suffix, 1, 5, attention=attention, expansion=2),
        Block("inverted", suffix, 1, activation="relu6", expansion=2),
        Block("pointwise", (20,) * n_paths, kernel=1),
    )
    return Arch("tiny-inverted", image_size, 5, blocks, (Gate(block=2, n_choices=n_paths),), norm_eps=1e-3)


def tiny_bottleneck_arch(image_size: int = 16, gates: bool = True) -> Arch:
    """Bottlenecks with group norm, a stem with max pooling, and two gates, or none and three paths."""
    attention = Attention(4, "one_plus_tanh")
    blocks = (
        Block("conv", (16,) * 3, 1, 5, activation="relu"),
        Block("max_pool", (16,) * 3, 2),
        Block("bottleneck", (32, 64, 96), activation="relu", attention=attention, expansion=2),
        Block("bottleneck", (32, 64, 96), activation="relu", attention=attention, expansion=2),
        Block("bottleneck", (64, 128, 192), 2, activation="relu6", attention=attention, expansion=4),
    )
    both = (Gate(2, 3), Gate(4, 3)) if gates else ()
    return Arch("tiny-bottleneck", image_size, 5, blocks, both, norm="group")


# One of everything that a network may be made of.
ARCHS = {
    "silu, sigmoid attention": tiny_arch(),
    "relu, paper's attention": tiny_arch(activation="relu", attention="one_plus_tanh", bias=True),
    "relu6": tiny_arch(n_paths=2, activation="relu6"),
    "odd size": tiny_arch(n_paths=2, image_size=19),
    "inverted": tiny_inverted_arch(),
    "scalar gate": replace(tiny_arch(), gates=(Gate(2, 3, bias=True, design="scalar"),)),
    "separate gate": replace(tiny_arch(), gates=(Gate(2, 3, w1="separate"),)),
}
# Those that have several gates, or none.
GATED = {"two gates": tiny_bottleneck_arch(), "no gate": tiny_bottleneck_arch(13, gates=False)}


def tiny_plan(arch: Arch | None = None, seed: int = 0) -> Plan:
    """Random weights scaled to keep activations near one, random epilogues that differ on every row."""
    arch = arch or tiny_arch()
    state = random_state(arch, np.random.default_rng(seed))
    spec = InputSpec(arch.image_size, arch.image_size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), arch.image_size)
    plan = Plan.from_state(arch, state, spec, tuple(f"class {index}" for index in range(arch.n_classes))).routable()
    _balance(plan)
    return plan


def _balance(plan: Plan) -> None:
    """Makes the gate's rows orthogonal to the mean hidden vector, so that different images take different paths."""
    program = plan.program
    values = {program.image: tiny_images(plan, n=16, seed=99).astype(np.float64)}
    for segment in program.segments:
        values = run_segment(plan, segment, values, program.paths[-1])
    for op in program.slimming_head:
        if op.name in ("gate", "gate.0", "gate.1"):
            weight, mean = plan.tensors[f"{op.name}.weight"], values[op.input].mean(axis=0)
            weight -= np.outer(weight @ mean, mean) / (mean @ mean)


def tiny_images(plan: Plan, n: int = 4, seed: int = 1) -> np.ndarray:
    """Normalised images `[n, h, w, 3]`: coarse blobs of colour, so that the gate tells them apart."""
    generator = np.random.default_rng(seed)
    height, width = plan.input.height, plan.input.width
    blobs = generator.normal(size=(n, 4, 4, 3)).repeat(-(-height // 4), 1).repeat(-(-width // 4), 2)[:, :height, :width]
    return (1.5 * blobs + 0.3 * generator.normal(size=(n, height, width, 3))).astype(np.float32)


def random_state(arch: Arch, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Parameters by name, in the layout of a checkpoint."""
    program, shapes = Program.from_arch(arch), parameter_shapes(arch)
    widest, state = program.paths[-1], {}
    for op in program.ops:
        if op.kind == "group_norm":
            (c_out,) = shapes[f"{op.name}.weight"]
            state[f"{op.name}.weight"] = generator.uniform(0.7, 1.3, c_out).astype(np.float32)
            state[f"{op.name}.bias"] = generator.normal(scale=0.3, size=c_out).astype(np.float32)
        if not op.has_weight or op.name == "gate.nearest":
            continue
        c_out, *rest = program.weight_shape(op, widest)
        fan_in = int(np.prod(rest))
        weight = generator.normal(scale=(2 / fan_in) ** 0.5, size=(c_out, *rest)).astype(np.float32)
        if op.kind == "conv2d":
            weight = weight.transpose(0, 3, 1, 2)
        state[f"{op.name}.weight"] = weight.reshape(shapes[f"{op.name}.weight"])
        if op.kind == "linear":
            if op.rows:
                state[f"{op.name}.bias"] = generator.uniform(0.1, 0.6, c_out).astype(np.float32)  # no dead hidden unit
            continue
        if not op.rows:  # its norm is an op of its own
            continue
        rows = (max(op.rows) + 1, c_out)
        norm = {"weight": generator.uniform(0.7, 1.3, c_out), "bias": generator.normal(scale=0.3, size=c_out)}
        norm |= {"mean": generator.normal(scale=0.2, size=rows), "var": generator.uniform(0.5, 1.5, rows)}
        state |= {f"{op.name}.norm.{part}": value.astype(np.float32) for part, value in norm.items()}
    return state
