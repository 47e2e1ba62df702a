"""The anatomy of one synthetic patient as values: bones, discs, what narrows the canal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lss_core.domain import LEVELS, Level, Side
from lss_core.phantom.frames import Curve, Frame, Vector

NAMES = ("T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2", "S3", "S4")
LEVEL_BELOW = {4 + n: level for n, level in enumerate(LEVELS)}
"""The level of the disc below NAMES[n]."""
SIGNS = {Side.LEFT: 1.0, Side.RIGHT: -1.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class Vertebra:
    """A vertebral body: its frame (origin in its middle) and sizes in mm."""

    name: str
    frame: Frame
    s: float
    half_width: float
    half_depth: float
    height: float
    taper: float
    wedge: float
    cavity: float
    pedicle: float
    canal_depth: float
    spinous: float
    tilt: float

    @property
    def sacral(self) -> bool:
        """Whether it belongs to the sacrum."""
        return self.name.startswith("S")


@dataclass(frozen=True, kw_only=True)
class Protrusion:
    """Disc material beyond the disc's margin: a bump at u, `up` mm above the disc."""

    u: float
    up: float
    depth: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a disease leaves around a root in its foramen, mm; below 0 it is squeezed.

    beside: to the front and the back; above: upwards and downwards. front: the share of what
    is taken that comes from the front.
    """

    beside: float
    above: float
    front: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Disc:
    """A disc with what surrounds the canal at its height; sizes in mm, sides by patient."""

    level: Level | None
    frame: Frame
    s: float
    half_width: float
    half_depth: float
    height: float
    opening: float
    cavity: float
    degeneration: float
    alpha: float
    beta: float
    canal_width: float
    canal_depth: float
    root_radius: float
    foramen_top: float
    foramen_bottom: float
    bulge: float = 0.0
    protrusions: tuple[Protrusion, ...] = ()
    flavum: Mapping[Side, float] = field(default_factory=dict)
    facet: Mapping[Side, float] = field(default_factory=dict)
    foramen_room: Mapping[Side, Room] = field(default_factory=dict)
    facet_tip: Mapping[Side, float] = field(default_factory=dict)
    ridge: Mapping[Side, float] = field(default_factory=dict)
    ridge_top: Mapping[Side, float] = field(default_factory=dict)
    floor: Mapping[Side, float] = field(default_factory=dict)
    floor_top: Mapping[Side, float] = field(default_factory=dict)
    root_at: Mapping[Side, tuple[float, float]] = field(default_factory=dict)

    @property
    def foramen_u(self) -> float:
        """How far lateral of the canal's middle the foramen's middle lies."""
        return self.canal_width + 4.0

    @property
    def recess_u(self) -> float:
        """How far lateral of the canal's middle the recess lies: where a healthy one is still high."""
        return min(0.8 * self.canal_width, (2 * self.canal_depth - 10.5) / math.tan(self.alpha))

    @property
    def recess_height(self) -> float:
        """About how high the recess is before anything narrows it."""
        return 2 * self.canal_depth - self.recess_u * math.tan(self.alpha) - 3.0

    @property
    def usual_root(self) -> tuple[float, float]:
        """v and w of the exiting root's middle in a healthy foramen, under the pedicle."""
        return 3.4 - self.canal_depth, self.foramen_top - 2.6 - self.root_radius


@dataclass(frozen=True, kw_only=True, eq=False)
class Anatomy:
    """One patient: bones from head to feet, the discs below them, and the canal."""

    vertebrae: tuple[Vertebra, ...]
    discs: tuple[Disc, ...]
    curve: Curve
    conus_s: float
    roots: Vector
    size: float
    fat_mm: float
    muscle_fat: float
    flow: float
    transitional: str
    habitus: Vector

    def disc(self, level: Level) -> Disc:
        """The disc of a level."""
        return next(disc for disc in self.discs if disc.level is level)

    def healthy(self) -> Anatomy:
        """The same patient before any disease narrowed the canal."""
        return replace(self, discs=tuple(healthy_disc(disc) for disc in self.discs))


def healthy_disc(disc: Disc) -> Disc:
    """A disc that narrows nothing."""
    sides = {Side.LEFT: 0.0, Side.RIGHT: 0.0}
    flavum = {Side.LEFT: 2.8, Side.RIGHT: 2.8}
    return replace(
        disc,
        bulge=0.0,
        protrusions=(),
        flavum=flavum,
        facet=sides,
        facet_tip=sides,
        ridge=sides,
        ridge_top=sides,
        floor=sides,
        floor_top=sides,
    )
