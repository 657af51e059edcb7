"""What does not fit together in the group `recipe`."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.errors import describe

# A number that switches a recipe on, what it works with, and the recipe's name.
_PAIRS = (
    ("distill", "teacher", "a teacher", "RUN_OR_BUNDLE", "distill"),
    ("confidence", "unlabelled", "files without labels", "[FILE,…]", "self_training"),
    ("adapt_minutes", "adapt", "files without labels", "[FILE,…]", "adapt"),
)


def recipe_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Recipes that need something which is not there, or that exclude each other."""
    recipe = config["recipe"]
    recipe = {**recipe, "adapt_minutes": recipe["adapt_tokens"] or recipe["adapt_minutes"]}  # either budget
    for key, needs, expected, what, name in _PAIRS:
        if recipe[key] and not recipe[needs]:
            yield describe(expected, "none", f"set recipe.{needs}={what}", f"recipe.{needs}")
        if recipe[needs] and not recipe[key]:
            remedy = f"choose recipe={name}, or set recipe.{key}"
            yield describe(f"{key} above 0 with recipe.{needs}", recipe[key], remedy, f"recipe.{key}")
    if recipe["teacher"] and recipe["unlabelled"]:
        remedy = "distil in a run of its own, with the self-trained one as its teacher"
        yield describe("no teacher with recipe.unlabelled", recipe["teacher"], remedy, "recipe.teacher")
    if recipe["adapt"] and config["data"]["simplify"]:
        remedy = "simplify the files first, or leave recipe.adapt out: pretraining reads characters as they are"
        yield describe("data.simplify=false with recipe.adapt", True, remedy, "recipe.adapt")
    if recipe["lora_rank"] and recipe["fgm"]:
        remedy = "switch one of them off: the embeddings, which fgm moves, stand still under lora_rank"
        yield describe("fgm without adapters", f"recipe.lora_rank={recipe['lora_rank']}", remedy, "recipe.fgm")
    if recipe["lora_rank"] and importlib.util.find_spec("peft") is None:
        remedy = "pip install 'xinyi[lora]', or set recipe.lora_rank=0"
        yield describe("the package peft", "none", remedy, "recipe.lora_rank")
