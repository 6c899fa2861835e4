"""Where a user's caches lie, by the XDG Base Directory Specification. Deleting them is always safe."""

from __future__ import annotations

import os
from pathlib import Path as FilePath


def user_cache(name: str) -> FilePath:
    """`$XDG_CACHE_HOME/dsnet-edge/NAME`, or in `~/.cache` where the variable is no absolute path. RuntimeError without a home."""
    base = FilePath(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else FilePath.home() / ".cache") / "dsnet-edge" / name
