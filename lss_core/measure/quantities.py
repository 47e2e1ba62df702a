"""What is measured: one table of all quantities, their units, sources and published cut-offs.

`docs/measurements.md` is tested against it, Review shows values against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lss_core.domain import Condition
from lss_core.texts import later, number, translated

CENTRAL, RECESS, FORAMINAL = Condition.CENTRAL, Condition.LATERAL_RECESS, Condition.FORAMINAL

OURS = "ours"
"""The source of a definition or a limit that is not published."""


UNITS = {"mm": later("mm"), "mm²": later("mm²")}


class Worse(StrEnum):
    """On which side of a limit a value speaks for disease."""

    AT_OR_BELOW = "at or below"
    BELOW = "below"
    ABOVE = "above"

    @property
    def label(self) -> str:
        """The side within a sentence."""
        return {
            Worse.AT_OR_BELOW: later("at or below"),
            Worse.BELOW: later("below"),
            Worse.ABOVE: later("above"),
        }[self]


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """A limit in the quantity's unit, what a value beyond it means, and who says so."""

    limit: float
    worse: Worse
    means: str
    source: str

    def crossed(self, value: float) -> bool:
        """Whether a value lies on the side of disease."""
        if self.worse is Worse.ABOVE:
            return value > self.limit
        return value < self.limit or (self.worse is Worse.AT_OR_BELOW and value == self.limit)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One measurement. unit: as written, '' for a ratio. cut_offs: the worst first.

    conditions: whose sites carry it; none means it is of the whole spine.
    """

    label: str
    unit: str
    definition: str
    source: str
    conditions: tuple[Condition, ...]
    cut_offs: tuple[CutOff, ...] = ()

    def in_words(self, value: float) -> str:
        """A value with its unit, in the language spoken: '62 mm²', '4.3 mm', '−3.1°', '0.48'."""
        decimals = (0 if abs(value) >= 20 else 1) if self.unit else 2
        gap = "" if self.unit in ("", "°") else " "
        return f"{number(value, decimals)}{gap}{translated(UNITS.get(self.unit, self.unit))}"


SCHONSTROM = "Schönström and Hansson, Spine 1988;13:385"
STEURER = "Steurer et al., BMC Musculoskelet Disord 2011;12:175"
HASEGAWA = "Hasegawa et al., Spine 1995;20:2633"
CIRIC = "Ciric et al., J Neurosurg 1980;53:433"
STROJNIK = "Strojnik, Eur Spine J 2001;10:331"
LURIE = "Lurie et al., Spine 2008;33:1605"
SCHIZAS = "Schizas et al., Spine 2010;35:1919"
SAFAK = "Safak et al., Clin Anat 2010;23:79"
KALICHMAN = "Verbiest, as in Kalichman et al., Spine J 2009;9:545"
LIM = "Lim et al., Medicine 2017;96, PMC5728944"
COMMON = "common use, first source not traced"
"""The source of limits that are used widely and whose origin we could not establish."""
FARFAN = "Farfan, Mechanical Disorders of the Low Back, 1973"
MEYERDING = "Meyerding, Surg Gynecol Obstet 1932;54:371"
COBB = "Cobb, Instr Course Lect 1948;5:261"


def _below(limit: float, means: str, source: str, *, at: bool = False) -> CutOff:
    worse = Worse.AT_OR_BELOW if at else Worse.BELOW
    return CutOff(limit=limit, worse=worse, means=means, source=source)


def _above(limit: float, means: str, source: str) -> CutOff:
    return CutOff(limit=limit, worse=Worse.ABOVE, means=means, source=source)


LURIE_THIRDS = (
    _below(1 / 3, later("more than two thirds lost: severe"), LURIE),
    _below(2 / 3, later("more than a third lost: moderate"), LURIE),
    _below(0.9, later("more than a tenth lost: mild"), OURS),
)
"""Lurie's grades as shares of the own normal that are left; the tenth is ours (see `grades`)."""

SAC_AREAS = (
    _below(75, later("severe"), SCHONSTROM),
    _below(100, later("moderate"), SCHONSTROM),
    _below(130, later("early"), COMMON),
)

_AXIAL: dict[str, Quantity] = {
    "sac_area_mm2": Quantity(
        label=later("Sac area"), unit="mm²", conditions=(CENTRAL,), source=SCHONSTROM,
        definition="Area of the dural sac, perpendicular to the sac: pixels times their area times the "
        "cosine between the slice's normal and the sac's direction.",
        cut_offs=SAC_AREAS,
    ),
    "sac_least_area_mm2": Quantity(
        label=later("Sac least area"), unit="mm²", conditions=(CENTRAL,), source=OURS,
        definition="Least sac area on the slice at the disc and its two neighbours in the same block.",
        cut_offs=SAC_AREAS,
    ),
    "sac_width_mm": Quantity(
        label=later("Sac width"), unit="mm", conditions=(CENTRAL,), source=STEURER,
        definition="Greatest extent of the dural sac from side to side.",
    ),
    "sac_height_mm": Quantity(
        label=later("Sac height"), unit="mm", conditions=(CENTRAL,), source=STEURER,
        definition="Ventral-dorsal extent of the dural sac through its middle, mean over a band of 3 mm.",
    ),
    "canal_area_mm2": Quantity(
        label=later("Canal area"), unit="mm²", conditions=(CENTRAL,), source=STEURER,
        definition="Area of the spinal canal with sac and fat, perpendicular to the sac.",
        cut_offs=(_below(147, later("stenosis likely"), LIM),),
    ),
    "canal_width_mm": Quantity(
        label=later("Canal width"), unit="mm", conditions=(CENTRAL,), source=STEURER,
        definition="Greatest extent of the spinal canal from side to side.",
    ),
    "canal_ap_mm": Quantity(
        label=later("Canal AP"), unit="mm", conditions=(CENTRAL, RECESS), source=STEURER,
        definition="Ventral-dorsal diameter of the spinal canal through its middle, mean over a band of "
        "3 mm.",
        cut_offs=(
            _below(10, later("absolute stenosis"), KALICHMAN),
            _below(12, later("relative stenosis"), KALICHMAN),
            _below(13, later("narrow"), COMMON),
        ),
    ),
    "sac_area_ratio": Quantity(
        label=later("Sac area ratio"), unit="", conditions=(CENTRAL, RECESS), source=LURIE,
        definition="Sac area over the own normal: the mean of the largest sac areas 12 to 22 mm above and "
        "below, behind the vertebrae, over 1.3 (what a healthy sac is larger there); where no slice shows "
        "them, the sac neighbour ratio.",
        cut_offs=LURIE_THIRDS,
    ),
    "sac_neighbour_ratio": Quantity(
        label=later("Sac neighbour ratio"), unit="", conditions=(CENTRAL,), source=LURIE,
        definition="Sac area over the mean of the nearest unaffected level above and below (unaffected: at "
        "least 75 % of the largest).",
        cut_offs=LURIE_THIRDS,
    ),
    "sac_height_ratio": Quantity(
        label=later("Sac height ratio"), unit="", conditions=(CENTRAL,), source=OURS,
        definition="Sac height over the mean of the nearest unaffected levels.",
    ),
    "canal_area_ratio": Quantity(
        label=later("Canal area ratio"), unit="", conditions=(CENTRAL,), source=OURS,
        definition="Canal area over the mean of the nearest unaffected levels.",
    ),
    "canal_ap_ratio": Quantity(
        label=later("Canal AP ratio"), unit="", conditions=(CENTRAL,), source=OURS,
        definition="Canal AP over the mean of the nearest unaffected levels.",
    ),
    "asymmetry_ratio": Quantity(
        label=later("Asymmetry ratio"), unit="", conditions=(CENTRAL, RECESS), source=OURS,
        definition="Left less right part of the sac's area over their sum, about the canal's middle; of a "
        "side: positive where the sac is larger on it.",
    ),
    "posterior_fat_mm": Quantity(
        label=later("Posterior fat"), unit="mm", conditions=(CENTRAL,), source=SCHIZAS,
        definition="What of the canal lies behind the sac in its middle, mean over a band of 3 mm.",
        cut_offs=(_below(0.5, later("gone"), OURS),),
    ),
    "sac_mean": Quantity(
        label=later("Sac mean"), unit="", conditions=(CENTRAL,), source=OURS,
        definition="Mean signal of the sac over that of muscle on the same slice.",
    ),
    "sac_contrast": Quantity(
        label=later("Sac contrast"), unit="", conditions=(CENTRAL,), source=OURS,
        definition="Standard deviation of the signal in the sac over its mean.",
    ),
    "flavum_thickness_mm": Quantity(
        label=later("Flavum thickness"), unit="mm", conditions=(CENTRAL, RECESS), source=SAFAK,
        definition="Diameter of the largest circle inside the ligamentum flavum of a side; of a level, the "
        "thicker side.",
        cut_offs=(_above(4, later("thick"), COMMON),),
    ),
    "herniation_width_mm": Quantity(
        label=later("Herniation width"), unit="mm", conditions=(CENTRAL,), source=OURS,
        definition="Extent of the herniation from side to side; 0 where the disc is seen without one.",
    ),
    "herniation_depth_mm": Quantity(
        label=later("Herniation depth"), unit="mm", conditions=(CENTRAL,), source=OURS,
        definition="Greatest ventral-dorsal thickness of the herniation.",
    ),
    "herniation_area_mm2": Quantity(
        label=later("Herniation area"), unit="mm²", conditions=(CENTRAL, RECESS), source=OURS,
        definition="Area of the herniation; of a side, its part on that side of the midline.",
    ),
    "herniation_offset_mm": Quantity(
        label=later("Herniation offset"), unit="mm", conditions=(CENTRAL,), source=OURS,
        definition="How far the herniation's centre lies to the patient's left of the midline: its side.",
    ),
    "recess_height_mm": Quantity(
        label=later("Recess height"), unit="mm", conditions=(RECESS,), source=f"{CIRIC}; {STROJNIK}",
        definition="Median over its columns of the ventral-dorsal room of the lateral recess; 0 where it "
        "is gone although canal and facet of the side are seen.",
        cut_offs=(
            _below(2, later("diagnostic"), CIRIC, at=True),
            _below(3, later("highly indicative"), CIRIC, at=True),
        ),
    ),
    "recess_area_mm2": Quantity(
        label=later("Recess area"), unit="mm²", conditions=(RECESS,), source=OURS,
        definition="Area of the lateral recess of a side.",
    ),
    "facet_area_mm2": Quantity(
        label=later("Facet area"), unit="mm²", conditions=(RECESS,), source=OURS,
        definition="Area of facet joint and articular processes of a side.",
    ),
}  # fmt: skip

_SAGITTAL: dict[str, Quantity] = {
    "disc_height_mm": Quantity(
        label=later("Disc height"), unit="mm", conditions=(CENTRAL, FORAMINAL), source=FARFAN,
        definition="Mean height of the disc: its area over its length, both on the slice in the middle of "
        "the canal, along the disc's own axes.",
    ),
    "posterior_disc_height_mm": Quantity(
        label=later("Posterior disc height"), unit="mm", conditions=(CENTRAL, FORAMINAL), source=HASEGAWA,
        definition="Mean height of the disc between 70 and 85 % of its length from the front.",
        cut_offs=(_below(4, later("root compression is likely"), HASEGAWA, at=True),),
    ),
    "disc_height_ratio": Quantity(
        label=later("Disc height ratio"), unit="", conditions=(CENTRAL, FORAMINAL), source=FARFAN,
        definition="Disc height index: mean of anterior (15 to 30 % of the length) and posterior height "
        "over the disc's length.",
    ),
    "disc_wedge_deg": Quantity(
        label=later("Disc wedge"), unit="°", conditions=(CENTRAL, FORAMINAL), source=COBB,
        definition="Angle between the disc's upper and lower border, positive where it opens to the front.",
    ),
    "disc_bulge_mm": Quantity(
        label=later("Disc bulge"), unit="mm", conditions=(CENTRAL, FORAMINAL), source=OURS,
        definition="How far the disc stands out behind the line between the dorsal corners of its two "
        "vertebrae; 0 where it does not.",
    ),
    "listhesis_mm": Quantity(
        label=later("Listhesis"), unit="mm", conditions=(CENTRAL, FORAMINAL), source=MEYERDING,
        definition="How far the dorsal lower corner of the upper vertebra lies in front of the dorsal upper "
        "corner of the lower one, along the lower one's endplate; negative where it lies behind.",
        cut_offs=(_above(3, later("slipped forward"), OURS),),
    ),
    "foramen_height_mm": Quantity(
        label=later("Foramen height"), unit="mm", conditions=(FORAMINAL,), source=HASEGAWA,
        definition="Extent from foot to head of what can be seen from the middle of the foramen between "
        "bone and disc, as far as 15 mm.",
        cut_offs=(_below(15, later("root compression is likely"), HASEGAWA, at=True),),
    ),
    "foramen_width_mm": Quantity(
        label=later("Foramen width"), unit="mm", conditions=(FORAMINAL,), source=STEURER,
        definition="Foramen area over foramen height: its mean width.",
        cut_offs=(_below(3, later("narrow"), STEURER, at=True),),
    ),
    "foramen_area_mm2": Quantity(
        label=later("Foramen area"), unit="mm²", conditions=(FORAMINAL,), source=OURS,
        definition="Area of what can be seen from the middle of the foramen, as far as 15 mm.",
    ),
    "foramen_room_mm2": Quantity(
        label=later("Foramen room"), unit="mm²", conditions=(FORAMINAL,), source=OURS,
        definition="Area of the foramen within 8 mm of its middle, where root and fat lie: the lesser of "
        "the two slices on both sides of it.",
    ),
    "foramen_clearance_mm": Quantity(
        label=later("Foramen clearance"), unit="mm", conditions=(FORAMINAL,), source=OURS,
        definition="Diameter of the largest circle that fits into the foramen around its middle, the lesser "
        "of two slices.",
    ),
    "foramen_fat_mm2": Quantity(
        label=later("Foramen fat"), unit="mm²", conditions=(FORAMINAL,),
        source="Lee et al., AJR 2010;194:1095",
        definition="Of the foramen room, the fat: as a network of its own outlines it, or where the bundle "
        "has none, what is nearer in brightness to fat than to disc on the T1 (fat: the 95th percentile of "
        "soft tissue within 25 mm; disc: its median).",
    ),
    "lordosis_deg": Quantity(
        label=later("Lordosis"), unit="°", conditions=(), source=COBB,
        definition="Angle between the upper endplates of L1 and S1, taken from the lower borders of the "
        "discs T12-L1 and L5-S1 in the middle of the canal; lying down, not standing.",
    ),
    "cobb_deg": Quantity(
        label=later("Cobb angle"), unit="°", conditions=(), source=COBB,
        definition="Greatest difference in coronal tilt between the discs T12-L1 to L5-S1; a disc's tilt is "
        "that of the line through its middles on the slices within 16 mm of the canal's middle.",
        cut_offs=(_above(10, later("scoliosis"), COBB),),
    ),
}  # fmt: skip

QUANTITIES: Mapping[str, Quantity] = {**_AXIAL, **_SAGITTAL}
"""Every quantity by its name in a finding; the name ends in its unit."""
