"""What a path costs to ship on a backend: the bytes of the files it needs, and whether its graphs are wholly delegated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from pathlib import PurePosixPath

from dsnet_edge.errors import BundleError, MissingExtraError, require
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.litert_compiled import fully_delegated
from dsnet_edge.runtime.manifest import files_of
from dsnet_edge.runtime.quiet import quiet_stderr
from dsnet_edge.runtime.staged import stage_files


@dataclass(frozen=True)
class Shipped:
    """Of one backend."""

    one_file: bool  # which holds every path; then every path needs all its bytes
    path_bytes: tuple[int, ...]  # of the files that each path needs, prefix and gate included
    total_bytes: int  # each file once
    delegated: tuple[bool, ...] | None  # all but the gates of each path; None where it does not apply or nothing here can tell
    gate_delegated: bool | None


def shipped(bundle: Bundle, backend: str) -> Shipped:
    entry = bundle.backend_files("sliced" if backend == "numpy" else backend)
    sizes = {name: fact["bytes"] for name, fact in bundle.manifest["files"].items()}
    stages, paths = bundle.stages, range(bundle.n_paths)
    delegated = _delegated(bundle, backend, entry)
    known = gate = None
    if delegated is not None:
        bodies = [[name for name in stages.of_path(path) if not name.startswith("gate")] for path in paths]
        known = tuple(all(delegated[name] for name in names) for names in bodies)
        gate = all(whole for name, whole in delegated.items() if name.startswith("gate")) if stages.n_gates else None
    if "file" in entry:
        size = sizes[entry["file"]]
        return Shipped(True, (size,) * bundle.n_paths, size, known, gate)
    files = stage_files(bundle, backend)
    whole = {stage: sizes[name] + sizes.get(_weights(name), 0) for stage, name in files.items()}
    path_bytes = tuple(sum(whole[stage] for stage in stages.of_path(path)) for path in paths)
    return Shipped(False, path_bytes, sum(whole.values()), known, gate)


def _weights(name: str) -> str:
    """The file beside a `.param` of ncnn; no other backend has one."""
    return PurePosixPath(name).with_suffix(".bin").as_posix() if name.endswith(".param") else ""


def _delegated(bundle: Bundle, backend: str, entry: dict[str, str]) -> dict[str, bool] | None:
    """By stage."""
    if backend not in ("executorch", "litert"):
        return None
    stages, names = bundle.stages.all(), files_of(entry)
    try:
        if backend == "executorch":
            found: dict[str, bool] = {}
            for name in names:
                found |= delegated_methods(bundle.file(name))
            return {stage: found[stage] for stage in stages}
        if "file" in entry:
            return dict.fromkeys(stages, fully_delegated(bundle.file(entry["file"])))
        return {stage: fully_delegated(bundle.file(name)) for stage, name in stage_files(bundle, backend).items()}
    except MissingExtraError:  # it may still run: on a device, or by another package
        return None
    except KeyError as error:
        raise BundleError(f"{bundle.folder}: the {backend} files hold no method {error}; convert the checkpoint again") from error


def delegated_methods(file: FilePath) -> dict[str, bool]:
    """Whether each method of a `.pte` is one call of a delegate and nothing else."""
    library = require("executorch.exir._serialize._program", "executorch")
    try:
        with quiet_stderr():
            program = library.deserialize_pte_binary(file.read_bytes()).program
    except Exception as error:  # whatever its parser stumbles on
        raise BundleError(f"{file}: not a valid ExecuTorch program ({error!r}); convert it again") from error
    return {
        method.name: len(method.delegates) == 1
        and not method.operators
        and [len(chain.instructions) for chain in method.chains] == [1]
        for method in program.execution_plan
    }
