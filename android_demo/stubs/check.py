"""Checks class files against Android's public API: all that they refer to is in its oldest version that the app runs on.

    check.py PYI DTS JAR_OR_FOLDER...    with the two sources of api.py; what is not there, or newer without a guard, is reported

So a method of a newer Java is found as well, which a compiler for the JVM takes.
"""

import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from api import FRACTION, NUMBER, Api, Member
from classfile import ClassFile, Reference, read_class
from members import LISTING, OLDEST, guards, read_listing

_FRAMEWORK = ("android/", "dalvik/", "java/", "javax/", "org/json/", "org/w3c/", "org/xml/")
_UNNAMED = "java/util/function/"  # a package whose name TypeScript does not allow; all of it is of API 24
_PRIMITIVES = dict(zip("BCDFIJSZV", ("byte", "char", "double", "float", "int", "long", "short", "boolean", "void"), strict=True))


class Checker:
    def __init__(self, api: Api, classes: dict[str, ClassFile], allowed: dict[str, int]) -> None:
        self._api, self._classes, self._allowed = api, classes, allowed

    def wrong(self) -> Iterator[str]:
        for name, found in sorted(self._classes.items()):
            for reference in sorted(found.references, key=lambda r: (r.owner, r.name, r.descriptor)):
                if reason := self._reason(reference):
                    what = f"{reference.owner.replace('/', '.')}.{reference.name}{reference.descriptor}"
                    yield f"{name.replace('/', '.')}: {what} {reason}"

    def _reason(self, reference: Reference) -> str:
        """Why it cannot be had; empty where it can, from the class itself or from any supertype."""
        found = self._classes.get(reference.owner)
        if found is None:
            return self._of_framework(reference)
        if not reference.name or (reference.name, reference.descriptor) in found.members:
            return ""
        reasons = [self._reason(replace(reference, owner=above)) for above in (found.superclass, *found.interfaces)]
        return "" if "" in reasons else reasons[0]

    def _of_framework(self, reference: Reference) -> str:
        if not reference.owner.startswith(_FRAMEWORK) or reference.owner.startswith(_UNNAMED):
            return ""
        name = reference.owner.replace("/", ".").replace("$", ".")
        if not self._api.known(name):
            return "is not in the API"
        since = self._api.type(name).since
        if reference.name:
            fitting = [m.since for m in self._members(name, set()) if m.name == reference.name and _fits(m, reference.descriptor)]
            if not fitting:
                return "is not in the API"
            since = max(since, min(fitting))
        simple = name.rpartition(".")[2]
        allowed = max(self._allowed.get(reference.name, OLDEST), self._allowed.get(simple, OLDEST))
        return f"is of API {since}" if since > allowed else ""

    def _members(self, name: str, seen: set[str]) -> Iterator[Member]:
        """Of the type and its supertypes."""
        if name in seen or not self._api.known(name):
            return
        seen.add(name)
        found = self._api.type(name)
        yield from found.members
        roots = ("java.lang.Object", "java.lang.Enum") if found.kind == "enum" else ("java.lang.Object",)
        for base in (*(b.split("<")[0] for b in found.bases), *roots):
            yield from self._members(base, seen)


def _fits(member: Member, descriptor: str) -> bool:
    if member.parameters is None or not descriptor.startswith("("):
        return member.parameters is None and not descriptor.startswith("(") and _same(member.type, _java(descriptor))
    inside, _, result = descriptor[1:].partition(")")
    types = [_java(part) for part in re.findall(r"\[*(?:L[^;]+;|[BCDFIJSZ])", inside)]
    if len(types) != len(member.parameters) or not all(map(_same, member.parameters, types)):
        return False
    narrowed = _is_object(member.type) and _is_object(_java(result))  # by a method that overrides it
    return narrowed or _same(member.type, _java(result))


def _java(descriptor: str) -> str:
    element = descriptor.lstrip("[")
    name = _PRIMITIVES.get(element) or element[1:-1].replace("/", ".").replace("$", ".")
    return name + "[]" * (len(descriptor) - len(element))


def _same(java: str, found: str) -> bool:
    family = {"#int": NUMBER, "#float": FRACTION}.get(java)
    if family is not None:
        return found in family or found.startswith("java.lang.")  # or its box
    if (java, found) in (("java.lang.String", "char"), ("boolean", "java.lang.Boolean")):  # as a .pyi names results
        return True
    erased = re.sub(r"<.*>", "", java)
    return erased == found or (len(erased.rstrip("[]")) == 1 and _is_object(found))  # a type variable, of whatever bound


def _is_object(java: str) -> bool:
    return java[0] != "#" and java not in (*NUMBER, *FRACTION, "boolean", "void")


def read_classes(path: Path) -> Iterator[ClassFile]:
    if path.is_dir():
        yield from (read_class(file.read_bytes()) for file in path.rglob("*.class"))
        return
    with zipfile.ZipFile(path) as jar:
        yield from (read_class(jar.read(name)) for name in jar.namelist() if name.endswith(".class"))


def main() -> int:
    pyi, dts, *paths = map(Path, sys.argv[1:])
    classes = {found.name: found for path in paths for found in read_classes(path)}
    allowed = guards(read_listing(LISTING.read_text(encoding="utf-8")))
    wrong = list(Checker(Api(pyi, dts), classes, allowed).wrong())
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(classes)} classes refer to Android's API {OLDEST}, and {len(wrong)} times to what is not in it")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
