"""Reading a bundle: the manifest is checked when it is opened, every file when it is first used (docs/bundle.md)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any

from dsnet_edge.errors import BundleError
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.elements import MAP_TYPE, Precision

FORMAT, VERSION = "dsnet-edge bundle", 1
_LARGEST_MANIFEST = 16 << 20
_TARGETS = {"onnxruntime": "onnx"}


@dataclass(frozen=True)
class Bundle:
    folder: FilePath
    manifest: dict[str, Any]
    input: InputSpec
    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def precision(self) -> Precision:
        """Checked when the bundle was opened."""
        return self.manifest["precision"]

    @property
    def n_paths(self) -> int:
        return len(self.manifest["paths"])

    @property
    def madds(self) -> tuple[int, ...]:
        """Multiply-adds of each path."""
        return tuple(path["madds"] for path in self.manifest["paths"])

    @property
    def backends(self) -> tuple[str, ...]:
        """The backends this bundle has files for."""
        return tuple(self.manifest["backends"])

    def backend_files(self, backend: str) -> dict[str, Any]:
        try:
            return dict(self.manifest["backends"][backend])
        except KeyError:
            raise BundleError(
                f"{self.folder} has no files for the {backend} backend, only for {', '.join(self.backends)}; "
                f"convert it again with --to {target_of(backend)}"
            ) from None

    def file(self, name: str) -> FilePath:
        """A file of the bundle, after checking its size and SHA-256 against the manifest."""
        return checked_file(self.folder, self.manifest, name)


def target_of(backend: str) -> str:
    """The converter's target that writes a backend's files; also the extra that brings what it needs."""
    return _TARGETS.get(backend, backend)


def open_bundle(folder: FilePath | str) -> Bundle:
    folder = FilePath(folder)
    manifest = _read_manifest(folder)
    try:
        _check_manifest(manifest)
        fields = manifest["input"]
        mean, std = (tuple(float(number) for number in fields[key]) for key in ("mean", "std"))
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ValueError(f"input.mean {mean} and input.std {std} need three numbers each, std above 0")
        spec = InputSpec(fields["height"], fields["width"], mean, std, fields["resize"], fields["interpolation"])
        for size in (spec.height, spec.width, spec.resize):
            if type(size) is not int or not 1 <= size <= 8192:
                raise ValueError(f"input sizes must be integers from 1 to 8192, found {size!r}")
        if spec.interpolation not in ("bilinear", "bicubic"):
            raise ValueError(f"input.interpolation must be bilinear or bicubic, found {spec.interpolation!r}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise BundleError(f"{folder / 'manifest.json'}: {reason}; convert the checkpoint again") from error
    labels_file = checked_file(folder, manifest, manifest["labels"])
    labels = tuple(labels_file.read_text("utf-8").splitlines())
    if len(labels) != manifest["n_classes"]:
        raise BundleError(f"{labels_file}: {len(labels)} labels for {manifest['n_classes']} classes; give one line a class")
    return Bundle(folder, manifest, spec, labels)


def _read_manifest(folder: FilePath) -> dict[str, Any]:
    file = folder / "manifest.json"
    if not file.is_file():
        reason = "there is no such folder" if not folder.exists() else "it has no manifest.json"
        raise BundleError(f"{folder} is not a bundle: {reason}; make one with: dsnet-edge convert CHECKPOINT -o {folder}")
    if file.stat().st_size > _LARGEST_MANIFEST:
        raise BundleError(f"{file}: larger than {_LARGEST_MANIFEST} bytes; convert the checkpoint again")
    try:
        manifest = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{file}: not valid JSON ({error}); convert the checkpoint again") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{file}: not the manifest of a {FORMAT}; convert the checkpoint again")
    if manifest.get("version") != VERSION:
        raise BundleError(f"{file}: version {manifest.get('version')!r}, this release reads {VERSION}; convert it again")
    return manifest


def _check_manifest(manifest: dict[str, Any]) -> None:
    paths, files, backends = manifest["paths"], manifest["files"], manifest["backends"]
    if not (isinstance(paths, list) and paths and isinstance(files, dict) and isinstance(backends, dict)):
        raise ValueError("paths must be a non-empty list, files and backends objects")
    for index, path in enumerate(paths):
        if path["index"] != index or type(path["madds"]) is not int or path["madds"] <= 0:
            raise ValueError(f"paths[{index}] needs index {index} and madds above 0, found {path!r:.200}")
    if type(manifest["n_classes"]) is not int or manifest["n_classes"] < 1:
        raise ValueError(f"n_classes must be a positive integer, found {manifest['n_classes']!r}")
    if manifest["precision"] not in MAP_TYPE:
        raise ValueError(f"precision must be one of {', '.join(MAP_TYPE)}, found {manifest['precision']!r}")
    if not isinstance(manifest["name"], str) or not isinstance(manifest["labels"], str):
        raise ValueError("name and labels must be strings")
    for name, entry in files.items():
        if type(entry["bytes"]) is not int or not isinstance(entry["sha256"], str):
            raise ValueError(f"files[{name!r}] needs bytes and sha256, found {entry!r:.200}")


def checked_file(folder: FilePath, manifest: dict[str, Any], name: str) -> FilePath:
    """`folder/name` if the manifest lists it and its size and hash are what the manifest says."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts:
        raise BundleError(f"{folder / 'manifest.json'}: the file name {name!r} leaves the bundle; do not trust this bundle")
    entry = manifest["files"].get(name)
    if entry is None:
        raise BundleError(f"{folder / 'manifest.json'}: lists no file {name!r}; convert the checkpoint again")
    file = folder / pure
    if not file.is_file():
        raise BundleError(f"{file}: the file is missing; convert the checkpoint again")
    found = file.stat().st_size
    if found != entry["bytes"]:
        raise BundleError(f"{file}: {found} bytes, the manifest says {entry['bytes']}; copy or convert it again")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != entry["sha256"]:
        raise BundleError(f"{file}: its SHA-256 is {digest[:16]}..., the manifest says {entry['sha256'][:16]}...; copy it again")
    return file
