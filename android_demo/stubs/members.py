"""Reads members.txt, what the app uses of the framework, and looks for uses of what is newer than the app's oldest Android.

members.py DIR    Kotlin files below it that use a guarded name without asking for its API level are reported; exit code 1
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = 26  # minSdkVersion
LISTING = Path(__file__).with_name("members.txt")
_TYPE = re.compile(r"([\w.]+)( extended)?(?: @(\d+))?")
_MEMBER = re.compile(r"  (protected )?(<init>|\w+)(?:\((.*)\))?(?:: (\w+))?(?: @(\d+))?")


class ListingError(Exception):
    """A line that says nothing."""


@dataclass(frozen=True)
class Wanted:
    """A member: `parameters` are simple names with commas between, None for every overload; `type` is that of a number."""

    name: str
    parameters: str | None
    type: str | None
    protected: bool
    guard: int


@dataclass(frozen=True)
class WantedType:
    name: str
    extended: bool
    guard: int
    members: tuple[Wanted, ...]


def read_listing(text: str) -> list[WantedType]:
    blocks = re.split(r"\n(?=\w)", re.sub(r" *#.*", "", text).strip())
    return [_type(*(line.rstrip() for line in block.splitlines() if line.strip())) for block in blocks]


def _type(head: str, *lines: str) -> WantedType:
    matched = _TYPE.fullmatch(head)
    if matched is None:
        raise ListingError(f"members.txt: {head!r} is no type")
    guard = int(matched[3] or OLDEST)
    return WantedType(matched[1], bool(matched[2]), guard, tuple(_member(matched[1], guard, line) for line in lines))


def _member(owner: str, guard: int, line: str) -> Wanted:
    found = _MEMBER.fullmatch(line)
    if found is None:
        raise ListingError(f"members.txt: {line.strip()!r} of {owner} is no member")
    parameters = None if found[3] is None else found[3].replace(" ", "")
    return Wanted(found[2], parameters, found[4], bool(found[1]), int(found[5] or guard))


def guards(listing: list[WantedType]) -> dict[str, int]:
    """The API level of every name that needs one: of members, or of types that are new as a whole."""
    types = {t.name.rpartition(".")[2]: t.guard for t in listing if t.guard > OLDEST}
    members = {m.name: m.guard for t in listing for m in t.members if m.guard > t.guard}
    return types | members


def unguarded(sources: Path, listing: list[WantedType]) -> Iterator[str]:
    """Files that name what is guarded and do not ask for that level."""
    for path in sorted(sources.rglob("*.kt")):
        text = path.read_text(encoding="utf-8")
        code = re.sub(r"^import .*|//.*|/\*.*?\*/", "", text, flags=re.MULTILINE | re.DOTALL)
        asked = max((int(level) for level in re.findall(r"SDK_INT (?:>=|<) (\d+)", code)), default=0)
        for name, level in guards(listing).items():
            if asked < level and re.search(rf"\b{name}\b", code):
                yield f"{path}: uses {name}, of API {level}, and never asks for SDK_INT >= {level}"


def main() -> int:
    found = list(unguarded(Path(sys.argv[1]), read_listing(LISTING.read_text(encoding="utf-8"))))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
