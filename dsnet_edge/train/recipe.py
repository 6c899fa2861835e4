"""Training recipes as data: a TOML file of `recipes/`, read strictly into frozen values."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dsnet_edge.arch import PRESETS, preset
from dsnet_edge.errors import DsnetError

_BOUNDS: tuple[tuple[str, float, float], ...] = (
    ("data.size", 16, 4096),
    ("data.resize", 8, 4096),
    ("data.crop_padding", 0, 8),
    ("data.jitter", 0, 1),
    ("data.erase", 0, 1),
    ("supernet.epochs", 1, 10**6),
    ("supernet.batch", 2, 10**6),
    ("supernet.random_paths", 0, 100),
    ("supernet.ema_decay", 0, 0.999999),
    ("supernet.temperature", 0.001, 1000),
    ("supernet.label_smoothing", 0, 1),
    ("supernet.recalibration_batches", 1, 10**6),
    ("supernet.optimizer.learning_rate", 0, 1000),
    ("supernet.optimizer.momentum", 0, 1),
    ("supernet.optimizer.warmup_epochs", 0, 10**6),
    ("gate.epochs", 1, 10**6),
    ("gate.batch", 1, 10**6),
    ("gate.temperature", 0.001, 1000),
    ("gate.views", 0, 10**6),
)


@dataclass(frozen=True)
class DataRecipe:
    """What to train on and how an image is changed on the way."""

    name: Literal["cifar10", "fashion-mnist", "folder"]
    size: int  # pixels the network takes
    resize: int  # short side before the centre crop of evaluation
    crop_padding: int = 0  # datasets in memory: reflect-pad, then crop at random; 0 for none
    random_resized_crop: bool = False  # folders: a random crop of 8 to 100 % of the area
    flip: bool = True  # mirror half of the images
    policy: Literal["none", "auto_augment", "rand_augment"] = "none"  # folders only
    jitter: float = 0.0  # brightness and contrast by up to this factor
    erase: float = 0.0  # probability of erasing a random rectangle
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"


@dataclass(frozen=True)
class Optimizer:
    """SGD with Nesterov momentum, warm-up and cosine decay."""

    learning_rate: float
    momentum: float = 0.9
    weight_decay: float = 1e-4  # not on norms, biases and the gate
    warmup_epochs: float = 0.0
    final_fraction: float = 0.0  # of the learning rate, at the end of the cosine
    clip_norm: float = 0.0  # of the gradient; 0 for none


@dataclass(frozen=True)
class SupernetRecipe:
    """Stage I (paper, section 3.2)."""

    epochs: int
    batch: int  # of all processes together
    optimizer: Optimizer
    scheme: Literal["ensemble", "ema", "in_place"] = "ensemble"  # table 5: ours, EMA target only, plain in-place distillation
    random_paths: int = 2  # n of the sandwich rule
    ema_decay: float = 0.997  # of the target network, a step (eq. 3)
    temperature: float = 1.0  # of the distillation (table 10)
    label_smoothing: float = 0.0
    weights: Literal["online", "ema"] = "online"  # which ones the checkpoint holds
    recalibration_batches: int = 100


@dataclass(frozen=True)
class GateRecipe:
    """Stage II (paper, section 3.4): the supernet is frozen."""

    epochs: int
    batch: int
    learning_rate: float = 0.05
    epoch_decay: float = 0.9
    momentum: float = 0.9
    trainable: Literal["w2", "w1w2"] = "w2"  # w1w2 changes the attention, and with it the features
    strategy: Literal["try_best", "give_up"] = "try_best"
    lambda_cls: float = 1.0  # the three weights of eq. 12
    lambda_cplx: float = 0.5
    lambda_sgs: float = 1.0
    sgs_balance: float = 0.0  # 0: the paper's; 1: easy and other samples count the same however rare the latter are
    temperature: float = 1.0  # of the Gumbel-softmax
    views: int = 2  # with w2: augmented passes that are kept in memory; 0: none, run the network in every epoch
    low: int = 0  # choices the gate may take: low <= choice < high; high 0 means all
    high: int = 0
    design: Literal["one_hot", "scalar"] = "one_hot"  # table 7
    w1: Literal["shared", "separate"] = "shared"  # with the attention (table 7); a W1 of its own is always trained
    start: Literal["checkpoint", "fresh"] = "checkpoint"  # fresh: without what the checkpoint's gate has learned (table 3)


@dataclass(frozen=True)
class Recipe:
    """One training run."""

    name: str
    arch: str  # a preset
    data: DataRecipe
    supernet: SupernetRecipe
    gate: GateRecipe
    seed: int = 0
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: autocast


def read_recipe(path: FilePath | str) -> Recipe:
    """Raises DsnetError with file, field and fix for an unknown, missing or ill-typed field."""
    path = FilePath(path)
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise DsnetError(f"{path}: no such recipe; the shipped ones are in recipes/") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DsnetError(f"{path}: not valid TOML ({error})") from error
    return recipe_from_dict(data, str(path))


def recipe_from_dict(data: dict[str, Any], source: str) -> Recipe:
    """A recipe from what `recipe_to_dict` or a TOML parser gives; `source` names the file in errors."""
    recipe = _build(Recipe, data, source, "")
    if recipe.arch not in PRESETS:
        raise DsnetError(f"{source}: arch {recipe.arch!r} is unknown; choose one of {', '.join(PRESETS)}")
    if recipe.data.size != preset(recipe.arch).image_size:
        wanted = preset(recipe.arch).image_size
        raise DsnetError(f"{source}: {recipe.arch} takes {wanted}-pixel images, data.size says {recipe.data.size}")
    for name, low, high in _BOUNDS:
        value = recipe
        for part in name.split("."):
            value = getattr(value, part)
        if not low <= value <= high:
            raise DsnetError(f"{source}: {name} must lie between {low} and {high}, found {value}")
    return recipe


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    return dataclasses.asdict(recipe)


def _build(kind: Any, data: Any, source: str, prefix: str) -> Any:
    if not isinstance(data, dict):
        raise DsnetError(f"{source}: {prefix.rstrip('.') or 'the recipe'} must be a table, found {data!r}")
    hints = get_type_hints(kind)
    for name in data.keys() - hints.keys():
        raise DsnetError(f"{source}: unknown field {prefix}{name}; {kind.__name__} has {', '.join(hints)}")
    for field in dataclasses.fields(kind):
        if field.name not in data and field.default is dataclasses.MISSING:
            raise DsnetError(f"{source}: field {prefix}{field.name} is missing; add it")
    return kind(**{name: _value(hints[name], value, source, prefix + name) for name, value in data.items()})


def _value(hint: Any, value: Any, source: str, name: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, source, f"{name}.")
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise DsnetError(f"{source}: {name} must be one of {', '.join(map(str, get_args(hint)))}, found {value!r}")
        return value
    if hint is float and type(value) is int:
        value = float(value)
    if type(value) is not hint:
        raise DsnetError(f"{source}: {name} must be of type {hint.__name__}, found {value!r}")
    return value
