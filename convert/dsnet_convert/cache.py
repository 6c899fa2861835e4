"""What was converted before, so that an unchanged path is not converted twice: files under the hash of all that decides them.

The cache is a convenience. Whatever is wrong with it - absent, full, read-only, damaged - a conversion goes on without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as FilePath

import numpy as np

from dsnet_convert.samples import Samples
from dsnet_convert.source import sha256
from dsnet_convert.stage import Stage, stage_names, stages
from dsnet_convert.tools import tools
from dsnet_edge import plan as plan_package
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.plan import Array
from dsnet_edge.user_cache import user_cache

_MOST_BYTES = 8 << 30


@dataclass(frozen=True)
class Cache:
    """A folder of files called `KEY.SHA256`, the hash being that of their content."""

    folder: FilePath

    @staticmethod
    def of_user() -> Cache | None:
        """None where the user has no home for it."""
        try:
            return Cache(user_cache("convert"))
        except RuntimeError:
            return None

    def fetch(self, key: str, file: FilePath) -> bool:
        """Copies what is kept under `key` to `file`; False, and no file, where nothing sound is."""
        with contextlib.suppress(OSError):
            for entry in self.folder.glob(f"{key}.*"):
                shutil.copyfile(entry, file)
                if sha256(file) == entry.suffix[1:]:
                    os.utime(entry)  # the last to be removed
                    return True
                file.unlink()
                entry.unlink()
        file.unlink(missing_ok=True)
        return False

    def store(self, key: str, file: FilePath) -> None:
        """Keeps a copy of `file`, and the whole below 8 GiB by removing what was not fetched for longest."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as partial:
                try:
                    with file.open("rb") as stream:
                        shutil.copyfileobj(stream, partial)
                    partial.close()
                    FilePath(partial.name).replace(self.folder / f"{key}.{sha256(file)}")
                finally:
                    FilePath(partial.name).unlink(missing_ok=True)
            self._trim()

    def _trim(self) -> None:
        entries = sorted((entry.stat().st_mtime, entry.stat().st_size, entry) for entry in self.folder.iterdir())
        total = sum(size for _, size, _ in entries)
        for _, size, entry in entries:
            if total <= _MOST_BYTES:
                return
            entry.unlink(missing_ok=True)
            total -= size


def stage_keys(plan: Plan, target: str, precision: Precision, samples: Samples | None) -> dict[str, str]:
    """The key of every stage's file, by the stage's name. A calibrated stage depends on all that runs before it, too."""
    contents = {stage.name: _content(plan, stage) for stage in stages(plan)}
    made_by = f"{target} {precision} {sorted(tools((target,)).items())} {_sources()}"
    names = stage_names(plan)
    before = contents.values() if names.n_gates > 1 else (contents[name] for name in names.before_choices())
    shared = "" if samples is None else samples.key + "".join(before)
    return {name: _hash(f"{made_by} {shared} {name} {content}".encode()) for name, content in contents.items()}


def merged_key(keys: dict[str, str]) -> str:
    """That of the one file made of the files with these keys."""
    return _hash(repr(keys).encode())


def _content(plan: Plan, stage: Stage) -> str:
    """Of the ops, shapes and numbers that a stage's graph is made from."""
    program, digest = plan.program, hashlib.sha256(repr(plan.norm_eps).encode())
    column = program.index(stage.path)
    for op in program.segment(stage.segment):
        shapes = [program.shape(name, stage.path) for name in (op.input, op.input2, op.output) if name]
        digest.update(repr((replace(op, rows=()), shapes)).encode())
        arrays: list[Array | None] = []
        if op.has_weight:
            shape = program.weight_shape(op, stage.path)
            arrays.append(plan.tensors[f"{op.name}.weight"][tuple(slice(size) for size in shape)])
        if op.has_epilogue:
            arrays += plan.epilogues[op.name].at(op.rows[column] if op.rows else 0, program.shape(op.output, stage.path)[2])
        for array in arrays:
            digest.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@cache
def _sources() -> str:
    """Of the converter itself, and of what it has of the Plan's."""
    folders = FilePath(__file__).parent, FilePath(plan_package.__file__).parent
    files = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    return _hash(b"".join(file.read_bytes() for file in files))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
