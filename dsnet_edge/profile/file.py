"""Profiles as JSON files."""

from __future__ import annotations

from pathlib import Path as FilePath

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.record import Format, read_record, write_record
from dsnet_edge.profile.values import Profile


class ProfileError(DsnetError):
    """A file that is not a usable profile."""


PROFILE = Format(Profile, "dsnet-edge profile", 1, "dsnet-edge profile BUNDLE", "profile the bundle again", ProfileError)


def write_profile(profile: Profile, file: FilePath) -> None:
    """Under a temporary name first: `file` is what it was, or whole."""
    write_record(PROFILE, profile, file)


def read_profile(file: FilePath) -> Profile:
    """Raises ProfileError, in one line, for whatever is no profile of this version."""
    profile = read_record(PROFILE, file)
    _check_relations(profile, file)
    return profile


def _check_relations(profile: Profile, file: FilePath) -> None:
    """What a schema cannot say."""

    def check(right: bool, field: str, problem: str) -> None:
        if not right:
            raise ProfileError(f"{file}: {field}: {problem}; profile the bundle again")

    n_paths = len(profile.bundle.madds)
    check(n_paths == len(profile.bundle.choices) and n_paths > 0, "bundle.choices", f"not one for each of {n_paths} paths")
    keys = [(series.backend, series.threads) for series in profile.series]
    check(len(set(keys)) == len(keys), "series", "a backend has two at the same number of threads")
    for index, series in enumerate(profile.series):
        paths = [time.path for time in series.paths]
        check(len(set(paths)) == len(paths), f"series[{index}].paths", "a path occurs twice")
        check(all(path < n_paths for path in paths), f"series[{index}].paths", f"the bundle has paths 0 to {n_paths - 1}")
    measured = [(f"energy.paths[{i}]", entry.path) for i, entry in enumerate(profile.energy.paths if profile.energy else ())]
    measured += [(f"layers.paths[{i}]", entry.path) for i, entry in enumerate(profile.layers.paths if profile.layers else ())]
    for field, path in measured:
        check(path < n_paths, f"{field}.path", f"the bundle has paths 0 to {n_paths - 1}")
