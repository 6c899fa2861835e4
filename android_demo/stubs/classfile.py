"""What a class file declares and refers to (the Java Virtual Machine Specification, chapter 4)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_CLASS, _FIELD, _METHOD, _INTERFACE_METHOD, _NAME_AND_TYPE, _UTF8 = 7, 9, 10, 11, 12, 1
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}


@dataclass(frozen=True)
class Reference:
    """To a member (`descriptor` such as `(ILjava/util/List;)V`), or without a name to a type (such as `java/util/Map$Entry`)."""

    owner: str
    name: str = ""
    descriptor: str = ""


@dataclass(frozen=True)
class ClassFile:
    name: str
    superclass: str
    interfaces: tuple[str, ...]
    members: frozenset[tuple[str, str]]  # name and descriptor
    references: frozenset[Reference]


def read_class(content: bytes) -> ClassFile:
    magic, _, count = struct.unpack_from(">IIH", content)
    if magic != 0xCAFEBABE:
        raise ValueError("no class file")
    pool, at = _pool(content, count)
    _, this, above, n_interfaces = struct.unpack_from(">HHHH", content, at)
    interfaces = struct.unpack_from(f">{n_interfaces}H", content, at + 8)
    at += 8 + 2 * n_interfaces
    members: set[tuple[str, str]] = set()
    for _ in ("fields", "methods"):
        (n,) = struct.unpack_from(">H", content, at)
        at += 2
        for _ in range(n):
            _, name, descriptor, n_attributes = struct.unpack_from(">HHHH", content, at)
            members.add((_text(pool, name), _text(pool, descriptor)))
            at = _after_attributes(content, at + 8, n_attributes)
    names = [_class(pool, index) for index in (this, above, *interfaces)]
    return ClassFile(names[0], names[1], tuple(names[2:]), frozenset(members), frozenset(_references(pool)))


Pool = dict[int, tuple[int, bytes]]


def _pool(content: bytes, count: int) -> tuple[Pool, int]:
    pool: Pool = {}
    index, at = 1, 10
    while index < count:
        tag = content[at]
        size = 2 + int.from_bytes(content[at + 1 : at + 3], "big") if tag == _UTF8 else _SIZES[tag]
        pool[index] = tag, content[at + 1 : at + 1 + size]
        index += 2 if tag in (5, 6) else 1  # long and double take two places
        at += 1 + size
    return pool, at


def _after_attributes(content: bytes, at: int, count: int) -> int:
    for _ in range(count):
        at += 6 + int.from_bytes(content[at + 2 : at + 6], "big")
    return at


def _references(pool: Pool) -> Iterator[Reference]:
    for tag, content in pool.values():
        if tag in (_FIELD, _METHOD, _INTERFACE_METHOD):
            owner, name_and_type = struct.unpack(">HH", content)
            name, descriptor = struct.unpack(">HH", pool[name_and_type][1])
            yield Reference(_class(pool, owner), _text(pool, name), _text(pool, descriptor))
        elif tag == _CLASS:
            yield Reference(_text(pool, *struct.unpack(">H", content)))


def _class(pool: Pool, index: int) -> str:
    return _text(pool, *struct.unpack(">H", pool[index][1])) if index else ""


def _text(pool: Pool, index: int) -> str:
    return pool[index][1][2:].decode("utf-8", "replace")
