"""The demo model and photos that ship with the package."""

from pathlib import Path

_HERE = Path(__file__).parent
CHECKPOINT = _HERE / "dsmbnet14-32.safetensors"  # its metadata holds the recipe and the accuracies


def photos() -> list[Path]:
    return sorted((_HERE / "photos").glob("*.jpg"))
