"""A `model.dsnet` for each path of a network, packed as if there were no other: what slicing is measured against.

The file of all paths is written again beside them. How long a file has been in the page cache changes the speed of reading its
weights by 2 to 4 % on some machines, either way, and that is nothing that slicing should be charged or credited with.
"""

from __future__ import annotations

from pathlib import Path as FilePath

from dsnet_convert.sliced import write_sliced
from dsnet_edge.plan.model_file import read_sliced


def write_one_path_files(model: FilePath, folder: FilePath) -> tuple[FilePath, list[FilePath]]:
    """From a `model.dsnet`, into an existing folder: the file of all paths, and one a path in their order."""
    plan = read_sliced(model)
    whole = folder / "all_paths.dsnet"
    write_sliced(plan, whole)
    files = [folder / f"path_{index:02}.dsnet" for index in range(len(plan.program.paths))]
    for path, file in zip(plan.program.paths, files, strict=True):
        write_sliced(plan.select((path,)), file)
    return whole, files
