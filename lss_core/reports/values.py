"""What a report is made of: the results of a study and how they came about, as plain values.

Names and labels are in English; `texts` translates them when the report is composed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lss_core.domain import Condition, Estimate, Site
from lss_core.reports.arm_values import ArmsPart, TimesPart
from lss_core.stats.probabilities import ReliabilityBin

Matrix = tuple[tuple[int, ...], ...]
"""Counts [reference grade][given grade]."""

Line = tuple[tuple[float, ...], tuple[float, ...]]
"""A curve: across, up."""


class Format(StrEnum):
    """What a report is written as."""

    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"


@dataclass(frozen=True, kw_only=True)
class Number:
    """A statistic as the pages show it: value, interval, or the reason why one is missing."""

    value: float | None = None
    interval: Estimate | None = None
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class RaterPart:
    """A rater against the reference. `numbers` by the measure's label.

    `place` is a reader's among all readers of the study, -1 for others; `full` says whether he answered
    enough to count in the mean reader. `confusion` is None for the mean reader, `curve` and `band` (low and
    high at false positive rates) for all but a model with probabilities.
    """

    name: str
    is_model: bool = False
    is_mean: bool = False
    place: int = -1
    full: bool = True
    raters: int = 1
    n: int
    missing: int
    not_gradable: int
    numbers: Mapping[str, Number]
    confusion: Matrix | None = None
    curve: Line | None = None
    band: tuple[Line, Line] | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedPart:
    """Printed figures of another study, by the measure's label."""

    name: str
    is_model: bool
    numbers: Mapping[str, float]
    fleiss: float | None = None
    alpha: float | None = None


@dataclass(frozen=True, kw_only=True)
class PanelPart:
    """Agreement of several raters on the four grades."""

    name: str
    raters: int
    fleiss: Number
    alpha: Number


@dataclass(frozen=True, kw_only=True)
class DifferencePart:
    """A model's figure less a reader's; `measure` is the label, `test` names what gives `p`."""

    model: str
    other: str
    measure: str
    number: Number
    p: float | None
    test: str


@dataclass(frozen=True, kw_only=True)
class TestPart:
    """A model against the panel in one figure, readers and cases as samples of many.

    `readers_fixed`: the only test that could be made holds for these readers alone. `p_holm` is adjusted
    over the conditions, and so is `noninferior_p`, one-sided. `lowest` and `highest` are readers' own
    figures. Without a test there is a refusal.
    """

    model: str
    figure: str
    readers: int
    units: int
    left_out: int
    model_value: float | None
    readers_mean: float | None
    lowest: float | None = None
    highest: float | None = None
    difference: Estimate | None = None
    statistic: float | None = None
    df: float | None = None
    p: float | None = None
    p_holm: float | None = None
    noninferior_p: float | None = None
    readers_fixed: bool = False
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class PooledPart:
    """The readers' counts added up: how many grades, and their figures by the measure's label."""

    name: str
    n: int
    numbers: Mapping[str, Number]


@dataclass(frozen=True, kw_only=True)
class CalibrationPart:
    """How good a model's probabilities are, and at how many of the reference's `sites` it gave any.

    `scores` are a label, the number and its best value; `others` say why a site was not graded, and how
    many were not.
    """

    model: str
    bins: tuple[ReliabilityBin, ...]
    scores: tuple[tuple[str, Number, str], ...]
    sites: int
    graded: int
    others: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class StepPart:
    """A box of the flow: how many are left, and of these how many are such and such (`notes`).

    `lost` says why others left and how many (None: not counted). `unit` is 'case' or 'site'.
    """

    title: str
    count: int
    unit: str
    notes: tuple[tuple[str, int | None], ...] = ()
    lost: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, kw_only=True)
class OutcomePart:
    """The units of one kind of the reference and the first model's answers there."""

    title: str
    units: int
    positive: int
    negative: int
    none: int


@dataclass(frozen=True, kw_only=True)
class FlowPart:
    """A condition's way from import to analysis: steps of cases, then its sites and those analysed.

    There are no outcomes without a model.
    """

    steps: tuple[StepPart, ...]
    outcomes: tuple[OutcomePart, ...]
    readers: tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class ConditionPart:
    """All of one condition."""

    condition: Condition
    cases: int
    units: int
    grade_counts: tuple[int, ...]
    reference_not_gradable: int
    raters: tuple[RaterPart, ...]
    panels: tuple[PanelPart, ...]
    published: tuple[PublishedPart, ...]
    published_note: str
    differences: tuple[DifferencePart, ...]
    tests: tuple[TestPart, ...]
    flow: FlowPart
    pooled: PooledPart | None = None
    calibrations: tuple[CalibrationPart, ...] = ()
    arms: ArmsPart | None = None


@dataclass(frozen=True, kw_only=True)
class ReferenceFacts:
    """The reference standard: `decisions` counts its grades by how they were decided."""

    name: str
    version: int
    majority: bool
    made_at: datetime
    grades: int
    decisions: Mapping[str, int]
    readers_made_it: bool
    unreferenced: int


@dataclass(frozen=True, kw_only=True)
class ReaderFacts:
    """A reader and what he read: submitted and open cases, and in which arms."""

    name: str
    in_panel: bool
    simulated: bool
    submitted: int
    opened: int
    arms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BundleFacts:
    """What a model's card says; `found` is False where the bundle cannot be read."""

    name: str
    found: bool = False
    made: str = ""
    summary: str = ""
    intended_use: str = ""
    training_data: tuple[tuple[str, str], ...] = ()
    networks: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class StudyReport:
    """A study's report before it is put into words.

    `sites` are those that the reference has a word on. `readers` and the raters of `conditions` have answered
    something; `silent` members have not. `arm` is the arm of all figures where readers read in several, else
    '', and `arms` are all of them; `margin` is that of non-inferiority. `networks` of a bundle are name,
    architecture and SHA-256; `software` is package and version;
    `data_sha256` is of the table of ratings and reference that the command writes with --data.
    """

    title: str
    study_id: str
    synthetic: bool
    made_at: datetime
    imported: tuple[datetime, datetime] | None
    series: Mapping[str, int]
    reference: ReferenceFacts
    readers: tuple[ReaderFacts, ...]
    adjudicators: int
    bundles: tuple[BundleFacts, ...]
    resamples: int
    seed: int
    level: float
    full_share: float
    software: tuple[tuple[str, str], ...]
    data_sha256: str
    data_rows: int
    sites: tuple[Site, ...]
    conditions: tuple[ConditionPart, ...]
    binary: tuple[str, ...]
    graded: tuple[str, ...]
    kappas: tuple[str, ...]
    forest: tuple[str, ...]
    published_source: str = field(default="")
    silent: int = 0
    arm: str = ""
    arms: tuple[str, ...] = ()
    margin: float = 0.05
    times: TimesPart | None = None
