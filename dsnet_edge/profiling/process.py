"""What a process of its own needs to measure a backend honestly: the library loaded beforehand, and memory counted from there."""

from __future__ import annotations

import importlib
from pathlib import Path as FilePath

from dsnet_edge.errors import require
from dsnet_edge.runtime.bundle import Bundle, open_bundle, target_of
from dsnet_edge.runtime.executorch import find_binding

LIBRARIES = {
    "sliced": ("dsnet_edge._native",),
    "litert": ("ai_edge_litert.interpreter", "ai_edge_litert.compiled_model"),
    "executorch": (),  # whichever of its bindings there is
    "onnxruntime": ("onnxruntime",),
    "ncnn": ("ncnn",),
}


class Trusted(Bundle):
    """Without the check of sizes and hashes, which costs every backend the same for each byte."""

    def file(self, name: str) -> FilePath:
        return self.folder / name


def open_trusted(folder: FilePath | str, backend: str) -> Trusted:
    """The bundle, after loading what the backend runs with."""
    bundle = open_bundle(folder)
    for library in LIBRARIES[backend]:
        importlib.import_module(library) if backend == "sliced" else require(library, target_of(backend))
    if backend == "executorch":
        find_binding(bundle.precision)
    return Trusted(bundle.folder, bundle.manifest, bundle.input, bundle.labels)


def warm_page_cache(bundle: Bundle) -> None:
    for name in bundle.manifest["files"]:
        (bundle.folder / name).read_bytes()


def resident_bytes() -> tuple[int, int]:
    """Anonymous and file-backed resident bytes of this process."""
    fields = {}
    for line in FilePath("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        key, value = line.split()[:2]
        fields[key] = int(value) * 1024
    return fields["Anonymous:"], fields["Rss:"] - fields["Anonymous:"]
