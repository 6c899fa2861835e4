"""The demo model and photos that ship with the package."""

from pathlib import Path

_HERE = Path(__file__).parent
CHECKPOINT = _HERE / "dsmbnet14-32.safetensors"
FIGURES = _HERE / "dsmbnet14-32.json"  # accuracy of every path and of dynamic routing on CIFAR-10's test images


def photos() -> list[Path]:
    return sorted((_HERE / "photos").glob("*.jpg"))
