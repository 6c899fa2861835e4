"""Element types: what one number of a value or of a weight is stored as, and the precision of a network that chooses them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from dsnet_edge.errors import DsnetError

ElementType = Literal["f32", "i8", "bf16", "f16"]
Precision = Literal["fp32", "int8", "bf16", "fp16"]

# What the feature maps of a network of each precision are stored as, in int8 the image too; all vectors are f32.
MAP_TYPE: dict[Precision, ElementType] = {"fp32": "f32", "int8": "i8", "bf16": "bf16", "fp16": "f16"}
# NumPy has no bfloat16: uint16 arrays hold its bits.
DTYPE: dict[ElementType, type[np.generic]] = {"f32": np.float32, "i8": np.int8, "bf16": np.uint16, "f16": np.float16}


def precision_named(name: str) -> Precision:
    """Raises DsnetError for a name that is none."""
    for precision in MAP_TYPE:
        if name == precision:
            return precision
    raise DsnetError(f"--precision: there is no precision {name!r}; choose from {', '.join(MAP_TYPE)}")


def element_bytes(element: ElementType) -> int:
    return np.dtype(DTYPE[element]).itemsize


def encode(array: np.ndarray, element: ElementType) -> np.ndarray:
    """Floats as an array of a floating element type, rounded to nearest even."""
    if element != "bf16":
        return array.astype(DTYPE[element])
    bits = array.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def decode(array: np.ndarray) -> np.ndarray:
    """The numbers that an array of any element type holds, exactly, as floats (integers stay integers)."""
    return (array.astype(np.uint32) << 16).view(np.float32) if array.dtype == np.uint16 else array
