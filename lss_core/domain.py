"""The words of the product as types. Their labels are texts in English, `translated` where they are shown.

Patient coordinates are DICOM's: millimetres, x grows to the patient's left, y to
the back, z to the head (LPS).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Self

from lss_core.texts import later

Point = tuple[float, float, float]
"""A point in patient coordinates (x, y, z), mm."""

Progress = Callable[[float, str], None]
"""Told the share done (0 to 1) and what is being done, by anything that takes long."""

Probabilities = tuple[float, float, float, float]
"""Probability of grade 0, 1, 2, 3; they add up to one."""


def silent(share: float, what: str) -> None:
    """A Progress that tells nobody."""


class Condition(StrEnum):
    """The three kinds of lumbar spinal stenosis."""

    CENTRAL = "central"
    LATERAL_RECESS = "lateral_recess"
    FORAMINAL = "foraminal"

    @property
    def label(self) -> str:
        """The condition as a page shows it."""
        return {
            Condition.CENTRAL: later("Central canal"),
            Condition.LATERAL_RECESS: later("Lateral recess"),
            Condition.FORAMINAL: later("Foraminal"),
        }[self]

    @property
    def place(self) -> str:
        """The condition within a sentence."""
        return {
            Condition.CENTRAL: later("central canal"),
            Condition.LATERAL_RECESS: later("lateral recess"),
            Condition.FORAMINAL: later("foraminal"),
        }[self]


class Level(StrEnum):
    """A disc level, named by the vertebrae above and below it, from the head down."""

    T12_L1 = "T12_L1"
    L1_L2 = "L1_L2"
    L2_L3 = "L2_L3"
    L3_L4 = "L3_L4"
    L4_L5 = "L4_L5"
    L5_S1 = "L5_S1"

    @property
    def label(self) -> str:
        """The level as a page shows it: 'L4-L5'."""
        return self.value.replace("_", "-")


class Side(StrEnum):
    """A side of the patient, never of the screen."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def label(self) -> str:
        """The side as a page shows it."""
        return later("Left") if self is Side.LEFT else later("Right")

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class SeriesRole(StrEnum):
    """What a series is for in the grading of a case."""

    SAGITTAL_T1 = "sagittal_t1"
    SAGITTAL_T2 = "sagittal_t2"
    SAGITTAL_STIR = "sagittal_stir"
    AXIAL_T2 = "axial_t2"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The role as a page shows it: 'Sagittal T2'."""
        return {
            SeriesRole.SAGITTAL_T1: later("Sagittal T1"),
            SeriesRole.SAGITTAL_T2: later("Sagittal T2"),
            SeriesRole.SAGITTAL_STIR: later("Sagittal STIR"),
            SeriesRole.AXIAL_T2: later("Axial T2"),
            SeriesRole.OTHER: later("Other"),
        }[self]


class Grade(IntEnum):
    """Severity of a stenosis. Binary: NONE and MILD negative, the others positive."""

    NONE = 0
    MILD = 1
    MODERATE = 2
    SEVERE = 3

    @property
    def label(self) -> str:
        """The grade as a page shows it."""
        return {
            Grade.NONE: later("None"),
            Grade.MILD: later("Mild"),
            Grade.MODERATE: later("Moderate"),
            Grade.SEVERE: later("Severe"),
        }[self]

    @property
    def word(self) -> str:
        """The grade within a sentence."""
        return {
            Grade.NONE: later("none"),
            Grade.MILD: later("mild"),
            Grade.MODERATE: later("moderate"),
            Grade.SEVERE: later("severe"),
        }[self]

    @property
    def positive(self) -> bool:
        """Whether the grade counts as stenosis in the binary analysis."""
        return self >= Grade.MODERATE


@dataclass(frozen=True, kw_only=True)
class Site:
    """One place that is graded: a condition at a level, on a side unless central."""

    condition: Condition
    level: Level
    side: Side | None = None

    def __post_init__(self) -> None:
        if (self.condition is Condition.CENTRAL) != (self.side is None):
            raise ValueError("central sites have no side, all others have one")

    @property
    def key(self) -> str:
        """A stable name: 'central:L4_L5', 'foraminal:L4_L5:left'."""
        parts = [self.condition.value, self.level.value]
        return ":".join(parts if self.side is None else [*parts, self.side.value])

    @property
    def label(self) -> str:
        """The site as a page shows it: 'L4-L5 lateral recess, left'."""
        named = {"level": self.level.label, "condition": self.condition.place}
        if self.side is None:
            return later("{level} {condition}", **named)
        if self.side is Side.LEFT:
            return later("{level} {condition}, left", **named)
        return later("{level} {condition}, right", **named)

    @property
    def mirrored(self) -> Site:
        """The same site on the other side; a central site is its own mirror."""
        side = None if self.side is None else self.side.opposite
        return Site(condition=self.condition, level=self.level, side=side)

    @classmethod
    def parse(cls, key: str) -> Self:
        """The site of a key. Raises ValueError for anything that is not one."""
        condition, level, *side = key.split(":")
        return cls(
            condition=Condition(condition),
            level=Level(level),
            side=Side(side[0]) if side else None,
        )


LEVELS: tuple[Level, ...] = tuple(level for level in Level if level is not Level.T12_L1)
"""The five levels that are graded unless a protocol says otherwise, and all that the model grades."""


def _sites_at(levels: Iterable[Level]) -> tuple[Site, ...]:
    return tuple(
        Site(condition=condition, level=level, side=side)
        for condition in Condition
        for level in levels
        for side in ((None,) if condition is Condition.CENTRAL else (Side.LEFT, Side.RIGHT))
    )


SITES: tuple[Site, ...] = _sites_at(LEVELS)
"""The 25 sites of a study by default, and of the model: 5 central, 10 lateral recess, 10 foraminal."""

ALL_SITES: tuple[Site, ...] = _sites_at(Level)
"""The 30 sites that a protocol may ask for: SITES and the five at T12-L1."""


class Structure(StrEnum):
    """The 17 channels of the axial segmentation, in channel order."""

    DISC = "disc"
    DURAL_SAC = "dural_sac"
    NERVE = "nerve"
    NERVE_ROOT = "nerve_root"
    NEURAL_FORAMEN = "neural_foramen"
    SPINAL_CANAL = "spinal_canal"
    HERNIATION = "herniation"
    KIDNEY = "kidney"
    MUSCLE = "muscle"
    VEIN = "vein"
    ARTERY = "artery"
    VERTEBRAL_ARCH = "vertebral_arch"
    LATERAL_RECESS = "lateral_recess"
    SPINOUS_PROCESS = "spinous_process"
    FACET_JOINT = "facet_joint"
    ARTICULAR_PROCESS = "articular_process"
    LIGAMENTUM_FLAVUM = "ligamentum_flavum"


class SagittalStructure(StrEnum):
    """The seven channels of the sagittal segmentation, in channel order."""

    DISC = "disc"
    VERTEBRA = "vertebra"
    SACRUM = "sacrum"
    SPINAL_CANAL = "spinal_canal"
    CORD = "cord"
    POSTERIOR_LONGITUDINAL_LIGAMENT = "posterior_longitudinal_ligament"
    SPINOUS_PROCESS = "spinous_process"


class ForamenStructure(StrEnum):
    """The channels of the segmentation of neural foramina, in channel order.

    FAT: with the veins in it. NERVE: root and ganglion, and what of the dural sac is seen. LIGAMENT: the
    ligamentum flavum.
    """

    FAT = "fat"
    NERVE = "nerve"
    DISC = "disc"
    BONE = "bone"
    LIGAMENT = "ligament"


STRUCTURE_LABELS: Mapping[str, str] = {
    Structure.DISC: later("disc"),
    Structure.DURAL_SAC: later("dural sac"),
    Structure.NERVE: later("nerve"),
    Structure.NERVE_ROOT: later("nerve root"),
    Structure.NEURAL_FORAMEN: later("neural foramen"),
    Structure.SPINAL_CANAL: later("spinal canal"),
    Structure.HERNIATION: later("herniation"),
    Structure.KIDNEY: later("kidney"),
    Structure.MUSCLE: later("muscle"),
    Structure.VEIN: later("vein"),
    Structure.ARTERY: later("artery"),
    Structure.VERTEBRAL_ARCH: later("vertebral arch"),
    Structure.LATERAL_RECESS: later("lateral recess"),
    Structure.SPINOUS_PROCESS: later("spinous process"),
    Structure.FACET_JOINT: later("facet joint"),
    Structure.ARTICULAR_PROCESS: later("articular process"),
    Structure.LIGAMENTUM_FLAVUM: later("ligamentum flavum"),
    SagittalStructure.VERTEBRA: later("vertebra"),
    SagittalStructure.SACRUM: later("sacrum"),
    SagittalStructure.CORD: later("cord"),
    SagittalStructure.POSTERIOR_LONGITUDINAL_LIGAMENT: later("posterior longitudinal ligament"),
}
"""The structures of both segmentations as a page shows them."""


class NotGradable(StrEnum):
    """Why a site has no grade."""

    SERIES_MISSING = "series_missing"
    LEVEL_NOT_FOUND = "level_not_found"
    NO_SLICE_NEAR = "no_slice_near"
    STRUCTURE_NOT_SEEN = "structure_not_seen"
    POOR_QUALITY = "poor_quality"
    METAL = "metal"
    NUMBERING_UNCERTAIN = "numbering_uncertain"
    OUTSIDE_IMAGE = "outside_image"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The reason as a page shows it."""
        return _NOT_GRADABLE_LABELS[self]


_NOT_GRADABLE_LABELS = {
    NotGradable.SERIES_MISSING: later("A series that is needed is missing"),
    NotGradable.LEVEL_NOT_FOUND: later("The level was not found"),
    NotGradable.NO_SLICE_NEAR: later("No slice within 5 mm of the level"),
    NotGradable.STRUCTURE_NOT_SEEN: later("A structure that is needed is not seen"),
    NotGradable.POOR_QUALITY: later("Image quality too poor"),
    NotGradable.METAL: later("Metal hides the place"),
    NotGradable.NUMBERING_UNCERTAIN: later("Which vertebra is which is not certain"),
    NotGradable.OUTSIDE_IMAGE: later("Outside the image"),
    NotGradable.OTHER: later("Other reason"),
}


class RaterKind(StrEnum):
    """Who or what grades."""

    READER = "reader"
    ADJUDICATOR = "adjudicator"
    MODEL = "model"
    REFERENCE = "reference"


class Role(StrEnum):
    """What a user may do."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    READER = "reader"
    ADJUDICATOR = "adjudicator"
    STATISTICIAN = "statistician"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """The role within a sentence."""
        return {
            Role.ADMINISTRATOR: later("administrator"),
            Role.COORDINATOR: later("coordinator"),
            Role.READER: later("reader"),
            Role.ADJUDICATOR: later("adjudicator"),
            Role.STATISTICIAN: later("statistician"),
            Role.AUDITOR: later("auditor"),
        }[self]


class Verdict(StrEnum):
    """What the import did with a file."""

    TAKEN = "taken"
    SKIPPED = "skipped"
    REFUSED = "refused"
    QUARANTINED = "quarantined"

    @property
    def label(self) -> str:
        """The verdict as a page shows it."""
        return {
            Verdict.TAKEN: later("taken"),
            Verdict.SKIPPED: later("skipped"),
            Verdict.REFUSED: later("refused"),
            Verdict.QUARANTINED: later("quarantined"),
        }[self]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One rater's answer at one site: a grade, or why there is none.

    `confidence` is 0 to 1: how sure the rater is of his grade. `positive` is his binary call where a
    protocol asks for one, `score` (0 to 100) how likely he holds a stenosis of grade 2 or 3 to be. `note`
    is his comment; it explains a reason of OTHER.
    Raises ValueError unless exactly one of `grade` and `not_gradable` is given, and where grade, call and
    score contradict each other: a positive call goes with grade 2 or 3 and a score of 50 or more.
    """

    site: Site
    grade: Grade | None = None
    not_gradable: NotGradable | None = None
    probabilities: Probabilities | None = None
    confidence: float | None = None
    positive: bool | None = None
    score: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.grade is None) == (self.not_gradable is None):
            raise ValueError(later("an answer is either a grade or a reason why there is none"))
        check_probabilities(self.probabilities)
        check_call(self.grade, self.positive, self.score)
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(later("a confidence lies between 0 and 1"))


@dataclass(frozen=True, kw_only=True)
class SiteFinding:
    """What a model says of one site, and what it rests on.

    `probabilities` are the ensemble's; `streams` holds each stream's own, under
    'measurement' and 'classification'. `measurements` carry their unit in the name
    (`sac_area_mm2`), `spreads` are their standard deviations over neighbouring slices and varied images.
    `series`, `slice_index` and `instance_number` name the slice that shows the site best,
    `point_mm` the place in patient coordinates.
    """

    site: Site
    grade: Grade | None = None
    probabilities: Probabilities | None = None
    not_gradable: NotGradable | None = None
    note: str = ""
    series: SeriesRole | None = None
    slice_index: int | None = None
    instance_number: int | None = None
    point_mm: Point | None = None
    measurements: Mapping[str, float] = field(default_factory=dict)
    spreads: Mapping[str, float] = field(default_factory=dict)
    streams: Mapping[str, Probabilities] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.grade is None) == (self.not_gradable is None):
            raise ValueError("a finding is either a grade or a reason why there is none")
        check_probabilities(self.probabilities)

    @property
    def answer(self) -> Answer:
        """The finding as a rater's answer."""
        return Answer(
            site=self.site,
            grade=self.grade,
            not_gradable=self.not_gradable,
            probabilities=self.probabilities,
            note=self.note,
        )


@dataclass(frozen=True, kw_only=True)
class StudyFindings:
    """A model's findings in one case: levels located and 25 sites, in SITES' order.

    `levels` maps each level found to the canal's point at the disc, mm.
    """

    levels: Mapping[Level, Point]
    sites: tuple[SiteFinding, ...]
    bundle: str
    seconds: float

    def __post_init__(self) -> None:
        if tuple(finding.site for finding in self.sites) != SITES:
            raise ValueError("findings cover the 25 sites once each, in order")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A statistic with its interval. `n` counts the units it rests on.

    `method` names how the interval was made; `level` is its coverage (0.95).
    """

    value: float
    low: float
    high: float
    n: int
    method: str
    level: float = 0.95


POSITIVE_SCORE = 50
"""The least score (0 to 100) that goes with a positive call."""


def check_call(grade: Grade | None, positive: bool | None, score: float | None) -> None:
    """Raises ValueError where a grade, a binary call and a score (0 to 100) contradict each other."""
    if score is not None and not 0 <= score <= 100:
        raise ValueError(later("a score lies between 0 and 100"))
    if grade is None and (positive is not None or score is not None):
        raise ValueError(later("what is not gradable has neither call nor score"))
    if positive is not None and grade is not None and positive != grade.positive:
        raise ValueError(later("the call and the grade contradict each other"))
    if score is not None and grade is not None and (score >= POSITIVE_SCORE) != grade.positive:
        raise ValueError(later("the score and the grade contradict each other"))


def check_probabilities(probabilities: Probabilities | None) -> None:
    """Raises ValueError unless there are four, not negative, that add up to one."""
    if probabilities is None:
        return
    if len(probabilities) != len(Grade) or any(not p >= 0 for p in probabilities):
        raise ValueError("four probabilities of 0 or more are needed")
    if not math.isclose(sum(probabilities), 1, abs_tol=1e-4):
        raise ValueError("the four probabilities add up to one")
