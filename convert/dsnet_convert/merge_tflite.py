"""Several `.tflite` files of one signature each -> one file with them all, in which equal constants lie once.

Graphs are taken over as they are. Constants move behind the flatbuffer, whose buffers then say which bytes of the file are
theirs, as ai-edge-quantizer writes its files: so the flatbuffer itself stays small, however large the weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge.errors import BundleError, DsnetError, require
from dsnet_edge.runtime.litert_interpreter import find_package, one_line

_LARGEST = (1 << 31) - 1  # bytes: offsets in flatbuffers have a sign
_ALIGNMENT = 64  # bytes

Bytes = np.ndarray  # uint8 `[n]`, often mapped from a file


def merge_tflite(files: Mapping[str, FilePath], output: FilePath) -> None:
    """Writes `output` with a signature for each of `files`, by name. A merged graph computes what its own file does, to the bit.

    Raises BundleError where a file is no `.tflite` of one graph and one signature, DsnetError where the result exceeds 2 GiB.
    """
    merged = _Merged()
    for signature, file in files.items():
        merged.add(signature, file)
    merged.write(output)


class _Merged:
    def __init__(self) -> None:
        self.schema = require("ai_edge_litert.schema_py_generated", "litert")
        self.model = self.schema.ModelT(version=3, description="merged by dsnet-edge", buffers=[self.schema.BufferT()])
        self.model.operatorCodes, self.model.subgraphs, self.model.signatureDefs, self.model.metadata = [], [], [], []
        self.constants: dict[int, Bytes] = {}  # by buffer
        self.known: dict[bytes, int] = {}  # buffers by the digest of their content
        self.opcodes: dict[tuple[Any, ...], int] = {}
        self.metadata: dict[bytes, bytes] = {}

    def add(self, signature: str, file: FilePath) -> None:
        source, content = _read(self.schema, file)
        (graph,), (definition,) = source.subgraphs, source.signatureDefs
        data = [_content(file, content, buffer) for buffer in source.buffers]
        for tensor in graph.tensors:
            tensor.buffer = self._buffer(data[tensor.buffer])
        for operator in graph.operators:
            operator.opcodeIndex = self._opcode(source.operatorCodes[operator.opcodeIndex])
        for entry in source.metadata or []:
            self._describe(entry.name, data[entry.buffer].tobytes())
        graph.name, definition.signatureKey = signature, signature
        definition.subgraphIndex = len(self.model.subgraphs)
        self.model.subgraphs.append(graph)
        self.model.signatureDefs.append(definition)

    def write(self, output: FilePath) -> None:
        """The flatbuffer is as long with the offsets that it tells as with any others above 0."""
        for name, value in self.metadata.items():
            self.model.metadata.append(self.schema.MetadataT(name, len(self.model.buffers)))
            self.model.buffers.append(self.schema.BufferT(np.frombuffer(value, np.uint8)))
        end = len(self._pack())
        for index, constant in self.constants.items():
            buffer = self.model.buffers[index]
            buffer.offset, buffer.size = _aligned(end), len(constant)
            end = buffer.offset + buffer.size
        if end > _LARGEST:
            raise DsnetError(f"{output}: the merged model has {end} bytes, .tflite files end at {_LARGEST}; keep a file a stage")
        with output.open("wb") as stream:
            stream.write(self._pack())
            for index, constant in self.constants.items():
                stream.write(bytes(self.model.buffers[index].offset - stream.tell()))
                stream.write(constant.data)

    def _pack(self) -> bytes:
        builder = require("flatbuffers", "litert").Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _buffer(self, data: Bytes) -> int:
        """The one with this content; without any, the first, which is empty."""
        if not len(data):
            return 0
        digest = hashlib.sha256(data.data).digest()
        if digest not in self.known:
            self.known[digest] = index = len(self.model.buffers)
            self.constants[index] = data
            self.model.buffers.append(self.schema.BufferT(offset=1, size=1))
        return self.known[digest]

    def _opcode(self, code: Any) -> int:
        key = (code.builtinCode, code.deprecatedBuiltinCode, code.customCode, code.version)
        if key not in self.opcodes:
            self.opcodes[key] = len(self.model.operatorCodes)
            self.model.operatorCodes.append(code)
        return self.opcodes[key]

    def _describe(self, name: bytes, value: bytes) -> None:
        """What the files say of themselves: the same, but for the version of the runtime that they need."""
        known = self.metadata.setdefault(name, value)
        if name == b"min_runtime_version":
            self.metadata[name] = max(known, value, key=_version)


def _read(schema: Any, file: FilePath) -> tuple[Any, Bytes]:
    """The model, which LiteRT's own check has passed, and the whole file."""
    try:
        find_package().read(file, threads=1)
    except ValueError as error:
        raise BundleError(f"{file}: not a valid LiteRT model ({one_line(error)}); convert it again") from error
    content = np.memmap(file, np.uint8, "r")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    counts = len(model.subgraphs), len(model.signatureDefs or [])
    if counts != (1, 1):
        raise BundleError(f"{file}: has {counts[0]} graphs and {counts[1]} signatures, expected one of each; merge files of one")
    if model.externalBuffers or any(operator.largeCustomOptionsOffset for operator in model.subgraphs[0].operators):
        raise BundleError(f"{file}: has parts in other places than its buffers, which is not supported; convert it again")
    return model, content


def _content(file: FilePath, content: Bytes, buffer: Any) -> Bytes:
    """Of a buffer: inside the flatbuffer, or where the buffer says that it is."""
    if buffer.offset <= 1:
        return np.zeros(0, np.uint8) if buffer.data is None else buffer.data
    if buffer.offset + buffer.size > len(content):
        raise BundleError(f"{file}: a buffer ends at byte {buffer.offset + buffer.size} of {len(content)}; convert it again")
    return content[buffer.offset : buffer.offset + buffer.size]


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT


def _version(text: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in text.rstrip(b"\0").split(b".") if part.isdigit())
