"""The one exception a user is meant to read: a single line that names the cause and the fix."""

import importlib
from importlib.util import find_spec
from types import ModuleType


class DsnetError(Exception):
    """Bad input, a bad file or a missing part. The CLI prints it as one line and exits with code 2."""


class BundleError(DsnetError):
    """A bundle, checkpoint or model file that cannot be used."""


class PathError(DsnetError):
    """A routing path that the network does not have."""


class ImageError(DsnetError):
    """A file or array that is not a usable image."""


class MissingExtraError(DsnetError):
    """A package that belongs to an extra which is not installed."""


def require_installed(module: str, extra: str) -> None:
    """`require` without the seconds that importing a heavy package takes."""
    try:
        found = find_spec(module) is not None
    except ImportError:  # its parent package is missing
        found = False
    if not found:
        require(module, extra)


def require(module: str, extra: str) -> ModuleType:
    """Imports `module`, or says which extra brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".", maxsplit=1)[0]
        raise MissingExtraError(
            f"{package} is not installed ({error}); install it with: pip install 'dsnet-edge[{extra}]'"
        ) from error
