"""Java stubs of what the app uses of the Android framework: kotlinc compiles against them where there is no android.jar.

members.txt names types and members; kinds, supertypes, signatures and constants come from two public sources (api.py), so that
nothing about the framework is written by hand but what neither of them tells. A line of members.txt is

    android.media.Image                 a type; `extended` after it: the app does, so its abstract methods come along
      getTimestamp: long                a member of it or of its supertypes; its type where the sources call it a number only
      protected onCreate(Bundle)        one overload, by the simple names of its parameters; protected in the framework
      getCurrentThermalStatus: int @29  newer than the app's oldest Android: used behind `SDK_INT >= 29` only

    generate.py PYI DTS OUT    from the unpacked wheel of chaquopy-stubs-android and android-platform-37.d.ts, into a folder

What is wrong is reported, a line each, with exit code 1: a type or member that a source lacks, a result that is no such number,
a member newer than its guard. members.py looks for uses without their guard. Neither source tells what is final.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from api import FRACTION, NUMBER, Api, ApiError, Member
from emit import Stub, emit
from members import LISTING, Wanted, WantedType, read_listing


class Generator:
    """Collects stubs; what cannot be had is in `errors`."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.stubs: dict[str, Stub] = {}
        self.errors: list[str] = []

    def add(self, wanted: WantedType) -> None:
        try:
            self._add(wanted)
        except ApiError as error:
            self.errors.append(str(error))

    def _add(self, wanted: WantedType) -> None:
        stub = self._stub(wanted.name)
        if stub.type.since > wanted.guard:
            self.errors.append(f"{wanted.name}: since API {stub.type.since}, and its guard says {wanted.guard}")
        for member in wanted.members:
            self._member(wanted.name, member)
        if wanted.extended:
            self._abstract(wanted)

    def _abstract(self, wanted: WantedType) -> None:
        """Keeps what a subclass has to implement: the methods without a body that no nearer supertype gives one."""
        seen = set()
        for owner, member in self._inherited(wanted.name):
            key = (member.name, member.parameters)
            if member.abstract and key not in seen:
                given = next((m.type for m in wanted.members if m.name == member.name), None)
                self._keep(owner, member, Wanted(member.name, None, given, False, wanted.guard), "public abstract")
            seen.add(key)

    def _stub(self, name: str) -> Stub:
        if name not in self.stubs:
            self.stubs[name] = Stub(self._api.type(name))
            for base in self.stubs[name].type.bases:
                self._mention(base)
            outer = name.rpartition(".")[0]
            if outer.rpartition(".")[2][0].isupper():
                self._stub(outer)
        return self.stubs[name]

    def _mention(self, java: str) -> None:
        for name in re.findall(r"(?:android|dalvik)\.[\w.]+", java):
            self._stub(name)

    def _inherited(self, name: str) -> Iterator[tuple[str, Member]]:
        """Of the type and its supertypes, nearest first."""
        for member in self._api.type(name).members:
            yield name, member
        for base in self._api.type(name).bases:
            if self._api.known(plain := base.split("<")[0]):
                yield from self._inherited(plain)

    def _member(self, name: str, wanted: Wanted) -> None:
        candidates = [(o, m) for o, m in self._inherited(name) if m.name == wanted.name and _chosen(m, wanted)]
        if wanted.name == "<init>":
            candidates = [(o, m) for o, m in candidates if o == name]
        fitting = [(o, m) for o, m in candidates if m.since <= wanted.guard]
        if not fitting:
            newest = min((m.since for _, m in candidates), default=None)
            wrong = "not in both sources" if newest is None else f"since API {newest}, and its guard says {wanted.guard}"
            self.errors.append(f"{name}.{wanted.name}: {wrong}")
        nearest = {member.parameters: (owner, member) for owner, member in reversed(fitting)}
        for owner, member in nearest.values():
            self._keep(owner, member, wanted, "protected" if wanted.protected else "public")

    def _keep(self, owner: str, member: Member, wanted: Wanted, modifier: str) -> None:
        family = {"#int": NUMBER, "#float": FRACTION}.get(member.type)
        if family is not None and member.value is None and wanted.type not in family:
            self.errors.append(f"{owner}.{member.name}: say which of {', '.join(family)} it is (': {family[0]}')")
            return
        if family is None and wanted.type is not None:
            self.errors.append(f"{owner}.{member.name}: is {member.type} by itself, and members.txt says {wanted.type}")
            return
        stub = self._stub(owner)
        kind = (wanted.type or "int") if family is not None else member.type
        for java in (kind, *(member.parameters or ())):
            self._mention(java)
        if member.type in stub.type.generics:
            self.errors.append(f"{owner}.{member.name}: gives a {member.type}, and no source knows its bound")
        stub.members.setdefault(replace(member, type=kind), modifier)


def _chosen(member: Member, wanted: Wanted) -> bool:
    if wanted.parameters is None:
        return True
    names = (re.sub(r"<.*>", "", p).rpartition(".")[2] for p in member.parameters or ())
    return member.parameters is not None and ",".join(names) == wanted.parameters


def write(listing: str, api: Api, out: Path) -> list[str]:
    """Writes the stubs, or gives what is wrong with the listing."""
    generator = Generator(api)
    for wanted in read_listing(listing):
        generator.add(wanted)
    for path, text in ({} if generator.errors else emit(generator.stubs, api)).items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text, encoding="utf-8")
    return generator.errors


def main() -> int:
    pyi, dts, out = map(Path, sys.argv[1:])
    errors = write(LISTING.read_text(encoding="utf-8"), Api(pyi, dts), out)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
