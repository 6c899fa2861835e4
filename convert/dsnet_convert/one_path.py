"""A `model.dsnet` for each path of a network, packed as if there were no other: what slicing is measured against."""

from __future__ import annotations

from pathlib import Path as FilePath

from dsnet_convert.sliced import write_sliced
from dsnet_edge.plan.model_file import read_sliced


def write_one_path_files(model: FilePath, folder: FilePath) -> list[FilePath]:
    """From a `model.dsnet`, into an existing folder, in the order of the paths."""
    plan = read_sliced(model)
    files = [folder / f"path_{index:02}.dsnet" for index in range(len(plan.program.paths))]
    for path, file in zip(plan.program.paths, files, strict=True):
        write_sliced(plan.select((path,)), file)
    return files
