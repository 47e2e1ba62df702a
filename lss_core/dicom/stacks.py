"""Slices into stacks: split what does not belong together, order what does, by geometry alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lss_core.dicom.deidentify import NUMBER
from lss_core.dicom.records import MARKS, FileRecord, FrameRecord, NotTakenError
from lss_core.domain import Verdict
from lss_core.imaging.volume import SAME_ORIENTATION_DEGREES

Float = NDArray[np.float64]
K = TypeVar("K", bound=Hashable)

SAME_PLACE_MM = 0.1
AXIAL_WITHIN_DEGREES = 53
BLOCK_GAP_STEPS = 2.5
MISSING_SLICE_STEPS = 1.5
UNEVEN_SHARE = 0.1
MOST_STACKS = 6


class Plane(StrEnum):
    """How the slices of a stack lie in the patient."""

    SAGITTAL = "sagittal"
    AXIAL = "axial"
    CORONAL = "coronal"

    @property
    def direction(self) -> Float:
        """Where the order of slices goes: to the left, to the feet, to the back."""
        return np.array(
            {Plane.SAGITTAL: (1, 0, 0), Plane.AXIAL: (0, 0, -1), Plane.CORONAL: (0, 1, 0)}[self], float
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class SpooledFile:
    """A file that was read: its record, its stored values in a file, and its name for the user."""

    record: FileRecord
    spool: Path
    name: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Slice:
    """One frame of a file."""

    file: SpooledFile
    number: int

    @property
    def frame(self) -> FrameRecord:
        """What is known of the frame."""
        return self.file.record.frames[self.number]

    @property
    def identity(self) -> tuple[str, int, str]:
        """An order of slices that does not depend on files, to break ties with."""
        return self.file.record.instance, self.number, self.frame.digest

    @property
    def normal(self) -> Float:
        """Unit vector across the slice."""
        normal: Float = np.cross(self.frame.x_axis, self.frame.y_axis)
        return normal

    @property
    def plane(self) -> Plane:
        """The plane the slice lies in; axial slices may be tilted far towards coronal."""
        x, y, z = np.abs(self.normal)
        if x > max(y, z):
            return Plane.SAGITTAL
        return Plane.AXIAL if z > np.cos(np.radians(AXIAL_WITHIN_DEGREES)) else Plane.CORONAL

    @property
    def centre_mm(self) -> Float:
        """The middle of the slice in the patient."""
        down, right = self.frame.spacing_mm
        rows, columns = self.file.record.rows - 1, self.file.record.columns - 1
        centre: Float = (
            np.array(self.frame.position_mm)
            + np.array(self.frame.y_axis) * down * rows / 2
            + np.array(self.frame.x_axis) * right * columns / 2
        )
        return centre

    def values(self) -> NDArray[Any]:
        """The stored values, (rows, columns), whole numbers."""
        record = self.file.record
        size = record.rows * record.columns
        dtype = np.dtype(record.dtype)
        flat = np.fromfile(self.file.spool, dtype, size, offset=self.number * size * dtype.itemsize)
        return flat.reshape(record.rows, record.columns)


def grouped(slices: Iterable[Slice], key: Callable[[Slice], K]) -> dict[K, list[Slice]]:
    """Slices by a key."""
    groups: dict[K, list[Slice]] = defaultdict(list)
    for one in slices:
        groups[key(one)].append(one)
    return dict(groups)


def without_doubles(slices: Sequence[Slice]) -> list[Slice]:
    """The slices with each image once; of several that are alike the first by identity and name."""
    ranked = sorted(slices, key=lambda one: (*one.identity, one.file.name))
    return list({one.frame.digest: one for one in reversed(ranked)}.values())


def split(slices: Sequence[Slice]) -> dict[str, list[Slice]]:
    """Stacks in which every place is there once, by a label ('' when there is one stack).

    Images of different size, spacing or plane are different stacks; so are images of the same
    place, when something (echo, time, kind of image) tells them apart.
    Raises NotTakenError: refused when nothing does, skipped when there are too many.
    """
    shapes = grouped(slices, lambda s: (s.plane.value, *_grid(s)))
    stacks: dict[str, list[Slice]] = {}
    for (plane, rows, columns, *_), group in sorted(shapes.items()):
        label = f"{plane} {rows}x{columns}" if len(shapes) > 1 else ""
        for inner, stack in _apart(group).items():
            name = " ".join(filter(None, [label, inner]))
            stacks[name if name not in stacks else f"{name} ({len(stacks) + 1})"] = stack
    return stacks


def _grid(one: Slice) -> tuple[int, int, float, float]:
    down, right = one.frame.spacing_mm
    return one.file.record.rows, one.file.record.columns, round(down, 3), round(right, 3)


def _apart(slices: list[Slice]) -> dict[str, list[Slice]]:
    if not _same_places(slices):
        return {"": slices}
    marks = [mark for mark in MARKS if any(mark in one.frame.marks for one in slices)]
    for mark in marks:
        groups = grouped(slices, lambda s, m=mark: s.frame.marks.get(m, ""))  # type: ignore[misc]
        if len(groups) > 1 and not any(map(_same_places, groups.values())):
            return _few({_label(mark, n, value): groups[value] for n, value in enumerate(sorted(groups))})
    every = grouped(slices, lambda s: tuple(s.frame.marks.get(mark, "") for mark in marks))
    if any(map(_same_places, every.values())):
        raise NotTakenError(
            Verdict.REFUSED, "its series holds different images of the same place that nothing tells apart"
        )
    return _few({f"part {n + 1}": group for n, (_, group) in enumerate(sorted(every.items()))})


def _label(mark: str, number: int, value: str) -> str:
    """A name for a stack: a number may be shown, other values may say who the patient is."""
    return f"{mark} {value}" if NUMBER.fullmatch(value) else f"{mark} ({number + 1})"


def _few(stacks: dict[str, list[Slice]]) -> dict[str, list[Slice]]:
    if len(stacks) > MOST_STACKS:
        raise NotTakenError(
            Verdict.SKIPPED,
            f"its series holds {len(stacks)} images of each place: a time or diffusion series",
        )
    return stacks


def _same_places(slices: Sequence[Slice]) -> bool:
    return any((np.array(steps_mm(block)) < SAME_PLACE_MM).any() for block in blocks(slices))


def steps_mm(block: Sequence[Slice]) -> list[float]:
    """Distances between neighbours of a block along its normal."""
    if len(block) < 2:
        return []
    places = np.array([one.frame.position_mm for one in block]) @ block[0].normal
    steps: list[float] = np.abs(np.diff(places)).tolist()
    return steps


def blocks(slices: Sequence[Slice]) -> list[list[Slice]]:
    """Slices of one plane in geometric order, block after block.

    A block is a run of slices of one orientation; in axial stacks a wide gap ends it too.
    """
    direction = slices[0].plane.direction
    runs = [_sorted_along(run, direction) for run in _orientations(slices)]
    if slices[0].plane is Plane.AXIAL:
        steps = [step for run in runs for step in steps_mm(run) if step >= SAME_PLACE_MM]
        usual = float(np.median(steps)) if steps else 0.0
        runs = [part for run in runs for part in _cut(run, BLOCK_GAP_STEPS * usual)]
    return sorted(runs, key=lambda run: float(np.mean([one.centre_mm @ direction for one in run])))


def _orientations(slices: Sequence[Slice]) -> list[list[Slice]]:
    """Runs of slices whose axes agree with the run's first, whatever order the slices come in."""
    runs: list[tuple[Float, list[Slice]]] = []
    limit = np.cos(np.radians(SAME_ORIENTATION_DEGREES))
    for one in sorted(slices, key=lambda s: (s.frame.x_axis, s.frame.y_axis, s.identity)):
        axes = np.array([one.frame.x_axis, one.frame.y_axis])
        home = next((run for first, run in runs if ((first * axes).sum(1) >= limit).all()), None)
        if home is None:
            runs.append((axes, [one]))
        else:
            home.append(one)
    return [run for _, run in runs]


def _sorted_along(run: list[Slice], direction: Float) -> list[Slice]:
    normal = run[0].normal
    normal = normal if normal @ direction >= 0 else -normal
    return sorted(run, key=lambda s: (round(float(normal @ s.frame.position_mm), 3), s.identity))


def _cut(run: list[Slice], widest_mm: float) -> list[list[Slice]]:
    cuts = [k + 1 for k, step in enumerate(steps_mm(run)) if step > widest_mm > 0]
    edges = [0, *cuts, len(run)]
    return [run[start:end] for start, end in pairwise(edges)]


def remarks(ordered: Sequence[Sequence[Slice]]) -> list[str]:
    """What a person should know of a stack: several blocks, gaps, uneven spacing or thickness."""
    notes = []
    if len(ordered) > 1:
        sizes = ", ".join(str(len(block)) for block in ordered)
        notes.append(f"{len(ordered)} blocks of {sizes} slices")
    steps = [steps_mm(block) for block in ordered]
    every = [step for block in steps for step in block]
    usual = float(np.median(every)) if every else 0.0
    start = 1
    for block, inner in zip(ordered, steps, strict=True):
        notes += [
            f"a gap of {step:.1f} mm after slice {start + k} (elsewhere {usual:.1f} mm)"
            for k, step in enumerate(inner)
            if step > MISSING_SLICE_STEPS * usual
        ]
        start += len(block)
    even = [step for step in every if step <= MISSING_SLICE_STEPS * usual]
    if even and max(even) - min(even) > UNEVEN_SHARE * usual:
        notes.append(f"slices {min(even):.1f} to {max(even):.1f} mm apart")
    thick = sorted({round(one.frame.thickness_mm, 1) for block in ordered for one in block})
    if len(thick) > 1:
        notes.append(f"slices {thick[0]} to {thick[-1]} mm thick")
    return notes
