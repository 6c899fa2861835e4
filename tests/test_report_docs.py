"""docs/profile.md explains every field of a profile."""

from __future__ import annotations

import re
from pathlib import Path as FilePath

from dsnet_edge.profile.file import PROFILE

DOCS = FilePath(__file__).parents[1] / "docs/profile.md"


def test_every_field_of_a_profile_is_explained():
    schema = PROFILE.schema()
    objects = [schema, *schema["definitions"].values()]
    fields = {name for definition in objects for name in definition.get("properties", {})}
    explained = set(re.findall(r"`([a-z_0-9.]+)`", DOCS.read_text("utf-8")))
    assert fields - explained == set() and len(fields) > 60
