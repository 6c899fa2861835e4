"""The Android framework as two public sources know it, read into values.

- `chaquopy-stubs-android` (PyPI, .pyi): the types of parameters, with Java's primitives; whether a result may be null.
- `@nativescript/types-android` (npm, .d.ts): class or interface, the values of constants, and the API level of each member.

Neither tells `int` from `long` in a result or a field, nor protected from public: a caller has to state these.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from pathlib import Path

NUMBER = ("int", "long", "short", "byte", "char")  # what a .pyi calls int
FRACTION = ("float", "double")  # and float
_ARRAYS = {f"JavaArrayJ{name.capitalize()}": f"{name}[]" for name in (*NUMBER, *FRACTION, "boolean")}
_BOXES = {"int": "java.lang.Integer", "float": "java.lang.Double", "bool": "java.lang.Boolean", "str": "java.lang.String"}
_RESULTS = {"int": "#int", "float": "#float", "bool": "boolean", "str": "java.lang.String", "None": "void"}


@dataclass(frozen=True)
class Member:
    """A method, a constructor (`<init>`) or a field (`parameters` None). Its types are Java's; `#int`, `#float`: one of these."""

    name: str
    type: str
    parameters: tuple[str, ...] | None
    static: bool
    nullable: bool = False
    varargs: bool = False
    generics: tuple[str, ...] = ()
    since: int = 21
    value: int | None = None
    abstract: bool = False


@dataclass(frozen=True)
class Type:
    name: str  # android.view.View.OnClickListener
    kind: str  # class, interface, enum
    abstract: bool
    since: int
    generics: tuple[str, ...]
    bases: tuple[str, ...]  # a superclass and interfaces, in any order
    members: tuple[Member, ...]


class ApiError(Exception):
    """A name or a signature that the sources do not know, or not alike."""


class Api:
    """Looks types up; `pyi` holds `android-stubs` and the like, `dts` is `android-platform-37.d.ts`."""

    def __init__(self, pyi: Path, dts: Path) -> None:
        self._pyi = pyi
        self._declared = _read_dts(dts)
        self.type = cache(self._type)
        self._module = cache(self._read_pyi)

    def known(self, name: str) -> bool:
        return name in self._declared and self._find(name) is not None

    def _type(self, name: str) -> Type:
        declared, node = self._declared.get(name), self._find(name)
        if declared is None or node is None:
            raise ApiError(f"{name}: not in {'the .d.ts' if declared is None else 'the .pyi'}")
        package = _package(name)
        reader = _PyiClass(package, {n.name for n in self._module(package) if isinstance(n, ast.ClassDef)})
        kind, bases = declared.kind, tuple(map(reader.java, node.bases))
        if any(base.startswith("java.lang.Enum<") for base in bases):
            kind = "enum"
        generics = tuple(g for base in bases if base.startswith("typing.Generic") for g in base[15:-1].split(","))
        kept = tuple(base for base in bases if base != "java.lang.Object" and not base.startswith(("typing.", "java.lang.Enum<")))
        members = tuple(joined for m in reader.members(node) if (joined := _join(m, declared)) is not None)
        return Type(name, kind, declared.abstract, declared.since, generics, kept, members)

    def _read_pyi(self, package: str) -> list[ast.stmt]:
        root, *rest = package.split(".")
        path = Path(self._pyi, f"{root}-stubs", *rest, "__init__.pyi")
        return ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []

    def _find(self, name: str) -> ast.ClassDef | None:
        package = _package(name)
        body, node = self._module(package), None
        for part in name[len(package) + 1 :].split("."):
            node = next((n for n in body if isinstance(n, ast.ClassDef) and n.name == part), None)
            if node is None:
                return None
            body = node.body
        return node


def _package(name: str) -> str:
    return ".".join(takewhile(lambda part: part[0].islower(), name.split(".")))


# ---- .pyi


@dataclass(frozen=True)
class _PyiClass:
    package: str
    neighbours: set[str]  # classes of the package, named without it

    def members(self, node: ast.ClassDef) -> Iterator[Member]:
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                static = any(ast.unparse(d) == "staticmethod" for d in item.decorator_list)
                arguments = [*item.args.posonlyargs, *item.args.args][0 if static else 1 :]
                parameters = [self.java(_annotation(a)) for a in arguments]
                if item.args.vararg:
                    parameters.append(self.java(_annotation(item.args.vararg)) + "[]")
                result, nullable = self._result(item.returns)
                variables = re.findall(r"\b_(\w+?)__([A-Z]\w*)\b", ast.unparse(item.args) + ast.unparse(item.returns or item))
                own = tuple(sorted({variable for of, variable in variables if re.fullmatch(rf"{item.name}(_\d+)?", of)}))
                name = "<init>" if item.name == "__init__" else item.name
                yield Member(name, result, tuple(parameters), static, nullable, bool(item.args.vararg), own)
            elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                annotation, static = item.annotation, False
                if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "typing.ClassVar":
                    annotation, static = annotation.slice, True
                kind, nullable = self._result(annotation)
                yield Member(item.target.id, kind, None, static, nullable)

    def _result(self, node: ast.expr | None) -> tuple[str, bool]:
        alternatives = _alternatives(node)
        nullable = len(alternatives) > 1 and ast.unparse(alternatives[-1]) == "None"
        first = alternatives[0]
        return _RESULTS.get(ast.unparse(first)) or self.java(first), nullable

    def java(self, node: ast.expr) -> str:
        """The Java type of a parameter: `int | java.jint | java.lang.Integer` is `int`."""
        alternatives = [ast.unparse(a) for a in _alternatives(node)]
        if "java.lang.Object" in alternatives or "Object" in alternatives:
            return "java.lang.Object"
        for text in alternatives:
            if text.startswith("java.j") and text[6:] in (*NUMBER, *FRACTION, "boolean"):
                return text[6:]
        chosen = next((a for a in _alternatives(node) if ast.unparse(a) not in ("str", "int", "float", "bool")), None)
        if chosen is None:
            return _BOXES.get(alternatives[0], alternatives[0])
        return self._generic(chosen) if isinstance(chosen, ast.Subscript) else self._named(ast.unparse(chosen))

    def _generic(self, chosen: ast.Subscript) -> str:
        base = ast.unparse(chosen.value)
        inner = chosen.slice.elts if isinstance(chosen.slice, ast.Tuple) else [chosen.slice]
        arguments = [self.java(i) for i in inner]
        if base == "java.chaquopy.JavaArray":
            return f"{arguments[0]}[]"
        if base == "typing.Generic":
            return f"typing.Generic<{','.join(arguments)}>"
        if base == "typing.Type":
            return "java.lang.Class<?>" if arguments == ["java.lang.Object"] else f"java.lang.Class<{arguments[0]}>"
        return f"{self._named(base)}<{', '.join(arguments)}>"

    def _named(self, text: str) -> str:
        if (array := _ARRAYS.get(text.removeprefix("java.chaquopy."))) is not None:
            return array
        if variable := re.fullmatch(r"_\w+?__(?:\w+__)*([A-Z]\w*)", text):
            return variable[1]
        return f"{self.package}.{text}" if text.split(".", maxsplit=1)[0] in self.neighbours else text


def _annotation(argument: ast.arg) -> ast.expr:
    assert argument.annotation is not None
    return argument.annotation


def _alternatives(node: ast.expr | None) -> list[ast.expr]:
    assert node is not None
    if isinstance(node, ast.BinOp):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


# ---- .d.ts


@dataclass(frozen=True)
class _Line:
    name: str
    static: bool
    parameters: tuple[tuple[str, str], ...] | None  # name and type
    type: str
    since: int


@dataclass
class _Declared:
    kind: str
    abstract: bool
    since: int
    lines: list[_Line]


def _read_dts(path: Path) -> dict[str, _Declared]:
    found: dict[str, _Declared] = {}
    stack: list[str] = []  # a name for each open brace, "" where it names nothing
    since = 21
    for line in path.read_text(encoding="utf-8").splitlines():
        if level := re.search(r"@since (\d+)", line):
            since = int(level[1])
        inside = ".".join(name for name in stack if name)
        if "interface with the provided implementation" in line and inside in found:
            found[inside].kind = "interface"
        if opened := re.match(r"\s*(?:declare|export) (?:(abstract )?class|module|namespace) (\w+)", line):
            stack.append(opened[2])
            if " class " in line:
                name = ".".join(part for part in stack if part)
                found[name] = _Declared("class", bool(opened[1]), since, [])
                since = 21
            continue
        if inside in found and (member := _line(line, since)) is not None and stack[-1]:
            found[inside].lines.append(member)
        if "*" not in line.strip()[:3]:
            since = 21
        for brace in re.findall(r"[{}]", "" if line.strip().startswith("*") else line):
            stack.append("") if brace == "{" else stack.pop()
    return found


def _line(line: str, since: int) -> _Line | None:
    head = re.match(r"\s*public (static )?(\w+)([(:])", line)
    if head is None:
        return None
    if head[3] == ":":
        return _Line(head[2], bool(head[1]), None, line[head.end() :].strip(" ;"), since)
    body = line[head.end() : line.rfind(")")]
    parameters = tuple((p.partition(":")[0].strip(), p.partition(":")[2].strip()) for p in _split(body))
    name = "<init>" if head[2] == "constructor" else head[2]
    return _Line(name, bool(head[1]), parameters, line[line.rfind(")") + 2 :].strip(" ;"), since)


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "<({") - (c in ">)}" and text[i - 1] != "=")
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [p for p in [*parts, text[start:]] if p.strip()]


# ---- both


def _join(member: Member, declared: _Declared) -> Member | None:
    """The member with what the .d.ts adds; None where it does not have it."""
    lines = [n for n in declared.lines if n.name == member.name and n.static == member.static and _same(member, n)]
    if not lines:
        return None
    line = min(lines, key=lambda n: sum(kind.startswith("any") for _, kind in n.parameters or ()))  # `any` may be anything
    value = int(line.type) if member.parameters is None and re.fullmatch(r"-?\d+", line.type) else None
    # Names of parameters come from the code of a method: where they are lost, there is none. What an interface got later has it.
    lost = line.parameters is not None and all(re.fullmatch(r"param\d+", name) for name, _ in line.parameters)
    bodiless = lost and (bool(line.parameters) or declared.kind == "interface") and line.since <= max(declared.since, 26)
    owner_abstract = declared.abstract or declared.kind == "interface"
    abstract = owner_abstract and bodiless and not member.static and member.name != "<init>"
    return replace(member, since=max(line.since, declared.since), value=value, abstract=abstract)


def _same(member: Member, line: _Line) -> bool:
    if member.parameters is None or line.parameters is None:
        return member.parameters is None and line.parameters is None
    if len(member.parameters) != len(line.parameters):
        return False
    return all(_alike(java, kind) for java, (_, kind) in zip(member.parameters, line.parameters, strict=True))


def _alike(java: str, kind: str) -> bool:
    kind = kind.removesuffix(" | null").split("/*")[0].strip()
    if kind.startswith(("any", "androidNative.Array")):
        return kind.startswith("any") or java.endswith("[]")
    if java in (*NUMBER, *FRACTION):
        return kind == ("string" if java == "char" else "number")
    texts = {"java.lang.String": "string", "java.lang.CharSequence": "string"}
    plain = texts.get(java) or java.split("<", maxsplit=1)[0]
    return kind.split("<")[0] == plain or (len(plain) == 1 and len(kind) == 1)
