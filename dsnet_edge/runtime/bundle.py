"""Reading a bundle: the manifest is checked when it is opened, every file when it is first used (docs/bundle.md)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any

from dsnet_edge.errors import BundleError
from dsnet_edge.plan import InputSpec
from dsnet_edge.plan.elements import Precision
from dsnet_edge.profile.values import BundleInfo
from dsnet_edge.runtime.manifest import check_inside, read_manifest
from dsnet_edge.runtime.stages import StageNames

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
    def n_choices(self) -> tuple[int, ...]:
        """Of each gate; a network without gates has none."""
        return tuple(self.manifest["gates"]) if "gates" in self.manifest else (self.n_paths,)

    @property
    def stages(self) -> StageNames:
        """The static graphs that make the network."""
        return StageNames(self.n_choices, self.n_paths)

    def path_of(self, taken: tuple[int, ...]) -> int:
        """The path that these choices lead to; without any, the widest."""
        if not taken:
            return self.n_paths - 1
        index = 0
        for choice, n in zip(taken, self.n_choices, strict=True):
            index = index * n + choice
        return index

    @property
    def one_gate(self) -> bool:
        return len(self.n_choices) == 1

    @property
    def madds(self) -> tuple[int, ...]:
        """Multiply-adds of each path."""
        return tuple(path["madds"] for path in self.manifest["paths"])

    @property
    def backends(self) -> tuple[str, ...]:
        """The backends this bundle has files for."""
        return tuple(self.manifest["backends"])

    @property
    def info(self) -> BundleInfo:
        """What a profile or a sweep says of the bundle it was made of."""
        digest = hashlib.sha256((self.folder / "manifest.json").read_bytes()).hexdigest()
        return BundleInfo(self.name, self.precision, digest, self.input.height, self.input.width, self.choices, self.madds)

    @property
    def choices(self) -> tuple[int, ...]:
        """The gate's choice on each path; of several gates, their digits side by side: 3031 for 3, 0, 3 and 1."""
        if "gates" not in self.manifest:
            return tuple(path["choice"] for path in self.manifest["paths"])
        rows = [path["choices"] for path in self.manifest["paths"]]
        digits = max(len(str(choice)) for row in rows for choice in row)
        return tuple(int("".join(f"{choice:0{digits}}" for choice in row)) for row in rows)

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
    """Raises BundleError where the folder is no bundle, or its manifest or labels cannot be what they should."""
    folder = FilePath(folder)
    manifest = read_manifest(folder)
    fields = manifest["input"]
    mean, std = _three(fields["mean"]), _three(fields["std"])
    spec = InputSpec(fields["height"], fields["width"], mean, std, fields["resize"], fields["interpolation"])
    labels_file = checked_file(folder, manifest, manifest["labels"])
    try:
        labels = tuple(labels_file.read_text("utf-8").splitlines())
    except UnicodeDecodeError as error:
        raise BundleError(f"{labels_file}: not UTF-8 text ({error}); convert the checkpoint again") from error
    if len(labels) != manifest["n_classes"]:
        raise BundleError(f"{labels_file}: {len(labels)} labels for {manifest['n_classes']} classes; give one line a class")
    return Bundle(folder, manifest, spec, labels)


def _three(numbers: list[float]) -> tuple[float, float, float]:
    red, green, blue = map(float, numbers)
    return red, green, blue


def checked_file(folder: FilePath, manifest: dict[str, Any], name: str) -> FilePath:
    """`folder/name` if the manifest lists it and its size and hash are what the manifest says."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts:
        raise BundleError(f"{folder / 'manifest.json'}: the file name {name!r} leaves the bundle; do not trust this bundle")
    entry = manifest["files"].get(name)
    if entry is None:
        raise BundleError(f"{folder / 'manifest.json'}: lists no file {name!r}; convert the checkpoint again")
    file = folder / pure
    check_inside(folder, file)
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
