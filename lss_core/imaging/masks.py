"""Masks of overlapping structures on a volume's grid, a bit a structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskStack:
    """Up to 32 structures on the grid of a volume; structures may overlap.

    structures: their names, bit 0 first.
    bits: (slices, rows, columns) uint32.
    """

    structures: tuple[str, ...]
    bits: NDArray[np.uint32]

    def __post_init__(self) -> None:
        if len(self.structures) > 32 or self.bits.ndim != 3 or self.bits.dtype != np.uint32:
            raise ValueError("a mask stack is (slices, rows, columns) of uint32, 32 structures at most")

    def mask(self, structure: str, slice_index: int | slice = slice(None)) -> NDArray[np.bool_]:
        """Where a structure is: (slices, rows, columns), or (rows, columns) of one slice."""
        bit = np.uint32(1 << self.structures.index(structure))
        result: NDArray[np.bool_] = (self.bits[slice_index] & bit) != 0
        return result

    @classmethod
    def from_masks(cls, masks: Mapping[str, NDArray[np.bool_]], structures: Sequence[str]) -> MaskStack:
        """A stack of boolean masks of one shape; structures that are not given are empty."""
        first = next(iter(masks.values()))
        bits = np.zeros(first.shape, np.uint32)
        for number, name in enumerate(structures):
            if name in masks:
                bits |= masks[name].astype(np.uint32) << np.uint32(number)
        return cls(structures=tuple(str(name) for name in structures), bits=bits)
