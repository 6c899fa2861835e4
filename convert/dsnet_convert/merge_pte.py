"""ExecuTorch programs of one method each -> one program of all of them.

So a method can be lowered, cached and shipped on its own, and still be part of one file. Weights lie in named data under the
hash of their content, of which a file holds each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.errors import DsnetError, require

_ALIGNMENT = 16  # of named data, as XNNPACK asks for when it is lowered; reading a file does not tell it


def merge_pte(files: Mapping[str, FilePath], output: FilePath) -> None:
    """`files`: the program of each method, by name. Raises DsnetError where one holds another, or data outside its delegate."""
    library = require("executorch.exir._serialize._program", "executorch")
    store = require("executorch.exir._serialize._named_data_store", "executorch").NamedDataStore()
    merged: Any = None
    for method, file in files.items():
        single = library.deserialize_pte_binary(file.read_bytes())
        program = single.program
        _check(file, method, single)
        if single.named_data is not None:
            for key, entry in single.named_data.pte_data.items():
                store.add_named_data(key, single.named_data.buffers[entry.buffer_index], _ALIGNMENT)
        if merged is None:
            merged = program
            continue
        first = len(merged.backend_delegate_data)
        for delegate in program.execution_plan[0].delegates:
            delegate.processed.index += first
        merged.backend_delegate_data += program.backend_delegate_data
        merged.execution_plan += program.execution_plan
    whole = library.PTEFile(merged, None, store.get_named_data_store_output())
    with output.open("wb") as stream:
        library.serialize_pte_binary(whole, extract_delegate_segments=True).write_to_file(stream)


def _check(file: FilePath, method: str, single: Any) -> None:
    found = [plan.name for plan in single.program.execution_plan]
    if found != [method]:
        raise DsnetError(f"{file}: holds methods {found}, expected {method} alone; convert it again")
    if single.mutable_data or any(len(buffer.storage) for buffer in single.program.constant_buffer):
        raise DsnetError(f"{file}: holds tensors outside its delegate, expected none; write its ops as ones XNNPACK delegates")
