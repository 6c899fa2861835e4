"""Stubs as Java source: declarations that compile, bodies that throw."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from api import FRACTION, NUMBER, Api, Member, Type

NULLABLE = "package android.annotation;\n\npublic @interface Nullable {\n}\n"  # kotlinc knows this name
_COPIED = (*NUMBER, *FRACTION, "boolean", "java.lang.String")  # a compiler copies a constant of these: never one of unknown value


@dataclass
class Stub:
    """A type, and of its members those that are wanted, each with its modifier."""

    type: Type
    members: dict[Member, str] = field(default_factory=dict)


def emit(stubs: dict[str, Stub], api: Api) -> dict[str, str]:
    """Sources by their path."""
    files = {"android/annotation/Nullable.java": NULLABLE}
    for name in stubs:
        package, _, simple = name.rpartition(".")
        if package.rpartition(".")[2][0].islower():
            files[f"{name.replace('.', '/')}.java"] = f"package {package};\n\n{_type(name, simple, stubs, api, 'public')}\n"
    return files


def _type(name: str, simple: str, stubs: dict[str, Stub], api: Api, access: str) -> str:
    stub = stubs[name]
    kind = stub.type.kind
    interfaces = [b for b in stub.type.bases if api.type(b.split("<")[0]).kind == "interface"]
    superclass = next((b for b in stub.type.bases if b not in interfaces), None)
    # Without a constructor to call, a class need not implement what it says it does.
    constructed = any(member.name == "<init>" for member in stub.members) and not stub.type.abstract
    abstract = "abstract " if kind == "class" and not constructed else ""
    head = f"{access} {abstract}{kind} {simple}{_angle(stub.type.generics)}"
    if superclass is not None:
        head += f" extends {superclass}"
    if interfaces:
        head += f" {'extends' if kind == 'interface' else 'implements'} {', '.join(interfaces)}"
    lines = list(_enum(stub) if kind == "enum" else _members(simple, stub, superclass))
    for inner in sorted(n for n in stubs if n.rpartition(".")[0] == name):
        lines += _type(inner, inner.rpartition(".")[2], stubs, api, "public static").splitlines()
    return "\n".join([f"{head} {{", *(f"    {line}" for line in lines), "}"])


def _enum(stub: Stub) -> Iterator[str]:
    yield ", ".join(m.name for m in stub.type.members if m.parameters is None and m.type == stub.type.name) + ";"


def _members(simple: str, stub: Stub, superclass: str | None) -> Iterator[str]:
    # Every class has a constructor that only stubs call, so that those that the list does not name are not there.
    above = "super((Void) null); " if superclass is not None and superclass.startswith("android.") else ""
    if stub.type.kind == "class":
        yield f"protected {simple}(Void stub) {{ {above}}}"
    for member, access in stub.members.items():
        if member.parameters is None:
            yield _field(member, access)
        elif member.name == "<init>":
            yield f"{access} {simple}({_parameters(member)}) {{ {above}}}"
        else:
            yield _method(member, access, stub)


def _field(member: Member, access: str) -> str:
    constant = member.static and (member.value is not None or member.type not in _COPIED)
    value = "null" if member.value is None else str(member.value)
    return f"{access} {'static ' if member.static else ''}" + (
        f"final {member.type} {member.name} = {value};" if constant else f"{member.type} {member.name};"
    )


def _method(member: Member, access: str, stub: Stub) -> str:
    nullable = "@android.annotation.Nullable " if member.nullable else ""
    signature = f"{_angle(member.generics)} {member.type} {member.name}({_parameters(member)})".strip()
    if access.endswith(" abstract"):
        return f"{nullable}{access} {signature};"
    modifier = " static" if member.static else " default" if stub.type.kind == "interface" else ""
    return f"{nullable}{access}{modifier} {signature} {{ throw new UnsupportedOperationException(); }}"


def _parameters(member: Member) -> str:
    types = list(member.parameters or ())
    if member.varargs:
        types[-1] = types[-1].removesuffix("[]") + "..."
    return ", ".join(f"{java} p{i}" for i, java in enumerate(types))


def _angle(variables: tuple[str, ...]) -> str:
    return f"<{', '.join(variables)}>" if variables else ""
