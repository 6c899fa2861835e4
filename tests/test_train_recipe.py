"""Recipes are data, and read strictly."""

from pathlib import Path
from typing import Any

import pytest

from dsnet_edge.errors import DsnetError
from dsnet_edge.train.recipe import read_recipe, recipe_from_dict, recipe_to_dict

RECIPES = sorted((Path(__file__).parent.parent / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipes(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.name == path.stem
    assert recipe_from_dict(recipe_to_dict(recipe), "again") == recipe


def test_the_paper_recipe_holds_the_papers_figures() -> None:
    recipe = read_recipe(RECIPES[0].parent / "paper.toml")
    supernet, optimizer, gate = recipe.supernet, recipe.supernet.optimizer, recipe.gate
    assert (supernet.epochs, supernet.batch, supernet.scheme, supernet.random_paths) == (150, 512, "ensemble", 2)
    assert (optimizer.learning_rate, optimizer.weight_decay, optimizer.final_fraction) == (0.08, 1e-4, 0.01)
    assert (gate.epochs, gate.batch, gate.learning_rate, gate.epoch_decay) == (10, 512, 0.05, 0.9)
    assert (gate.lambda_cls, gate.lambda_cplx, gate.lambda_sgs, gate.strategy) == (1.0, 0.5, 1.0, "try_best")


def valid() -> dict[str, Any]:
    return recipe_to_dict(read_recipe(RECIPES[0]))


@pytest.mark.parametrize(
    ("section", "field", "value", "message"),
    [
        ("supernet", "epoch", 3, r"unknown field supernet\.epoch; SupernetRecipe has epochs"),
        ("supernet", "epochs", "3", r"supernet\.epochs must be of type int, found '3'"),
        ("supernet", "epochs", True, r"supernet\.epochs must be of type int, found True"),
        ("supernet", "batch", 0, r"supernet\.batch must lie between 2 and 1000000, found 0"),
        ("supernet", "ema_decay", 1.0, r"supernet\.ema_decay must lie between 0 and 0\.999999, found 1\.0"),
        ("supernet", "optimizer", 0.1, r"supernet\.optimizer must be a table"),
        ("gate", "strategy", "hope", r"gate\.strategy must be one of try_best, give_up, found 'hope'"),
        ("data", "size", 64, r"dsmbnet14-32 takes 32-pixel images, data\.size says 64"),
        ("data", "crop_padding", -1, r"data\.crop_padding must lie between 0 and 8"),
        ("data", "name", "mnist", r"data\.name must be one of cifar10"),
    ],
)
def test_a_wrong_field_is_named(section: str, field: str, value: Any, message: str) -> None:
    data = valid()
    data[section][field] = value
    with pytest.raises(DsnetError, match=message):
        recipe_from_dict(data, "r.toml")


def test_a_missing_field_and_an_unknown_arch_are_named() -> None:
    data = valid()
    del data["supernet"]["optimizer"]["learning_rate"]
    with pytest.raises(DsnetError, match=r"r\.toml: field supernet\.optimizer\.learning_rate is missing"):
        recipe_from_dict(data, "r.toml")
    with pytest.raises(DsnetError, match=r"arch 'vgg' is unknown"):
        recipe_from_dict({**valid(), "arch": "vgg"}, "r.toml")


def test_files_that_are_no_recipes(tmp_path: Path) -> None:
    with pytest.raises(DsnetError, match="no such recipe"):
        read_recipe(tmp_path / "a.toml")
    (tmp_path / "b.toml").write_text("name = ")
    with pytest.raises(DsnetError, match="not valid TOML"):
        read_recipe(tmp_path / "b.toml")
