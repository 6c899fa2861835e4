"""The folder that a bundle goes to: what it may replace, and one line where it cannot be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath

from dsnet_convert.swap import staged
from dsnet_edge.errors import BundleError, DsnetError
from dsnet_edge.runtime.manifest import FORMAT


@contextmanager
def bundle_folder(output: FilePath) -> Iterator[FilePath]:
    """Yields an empty folder that becomes `output` in one step when the block ends, and vanishes when the block raises.

    Raises DsnetError where `output` is something else than a bundle, now or by then, or where anything cannot be written.
    """
    try:
        _check_replaceable(output)
        with staged(output) as folder:
            yield folder
            _check_replaceable(output)
    except OSError as error:
        raise DsnetError(f"{output}: the bundle cannot be written ({error}); free space or choose another --output") from error


def _check_replaceable(output: FilePath) -> None:
    if output.exists() and not _is_bundle(output):
        raise BundleError(f"{output} exists and is not a bundle; choose another --output or remove it first")


def _is_bundle(folder: FilePath) -> bool:
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT
