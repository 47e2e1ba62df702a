"""What a page hands to the viewer, and the plain data that goes to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lss_core.domain import (
    ALL_SITES,
    LEVELS,
    STRUCTURE_LABELS,
    Condition,
    Grade,
    Level,
    NotGradable,
    Point,
    SeriesRole,
    Side,
    Site,
    SiteFinding,
    StudyFindings,
)
from lss_core.measure.explain import All, Assessment, assessed, explained, measured_of
from lss_core.texts import _, known, later, percent, translated
from lss_core.ui.theme import STRUCTURE_COLOURS, Mode, Palette, palette
from lss_core.ui.viewer.read_data import answer_data, read_data, scheme_data
from lss_core.usecases.reading import ReadState


class ViewMode(StrEnum):
    """LOOK: pictures alone. READ: a reader grades. REVIEW: the model's grades beside them."""

    LOOK = "look"
    READ = "read"
    REVIEW = "review"


COLUMNS: tuple[tuple[str, Condition, Side | None], ...] = (
    (later("Foramen"), Condition.FORAMINAL, Side.RIGHT),
    (later("Recess"), Condition.LATERAL_RECESS, Side.RIGHT),
    (later("Central"), Condition.CENTRAL, None),
    (later("Recess"), Condition.LATERAL_RECESS, Side.LEFT),
    (later("Foramen"), Condition.FORAMINAL, Side.LEFT),
)
"""The columns of the grid, from the patient's right (the left of the screen) to his left."""

SHOWN_ON: dict[Condition, SeriesRole] = {
    Condition.CENTRAL: SeriesRole.AXIAL_T2,
    Condition.LATERAL_RECESS: SeriesRole.AXIAL_T2,
    Condition.FORAMINAL: SeriesRole.SAGITTAL_T1,
}
"""The viewport that takes the keyboard when a site is chosen."""

STREAM_LABELS = {"measurement": later("Measured"), "classification": later("Image")}
"""The two streams by their names in findings."""

READER_REASONS = (
    NotGradable.POOR_QUALITY,
    NotGradable.METAL,
    NotGradable.OUTSIDE_IMAGE,
    NotGradable.NO_SLICE_NEAR,
    NotGradable.SERIES_MISSING,
    NotGradable.STRUCTURE_NOT_SEEN,
    NotGradable.NUMBERING_UNCERTAIN,
    NotGradable.OTHER,
)
"""Why a reader may leave a site without a grade, in the order of their keys."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """An order from the page to a viewer that is on the screen already.

    `number` must grow with each order: an old one that a rerun sends again does nothing.
    """

    number: int
    site: Site | None = None
    point_mm: Point | None = None


@dataclass(frozen=True, kw_only=True)
class View:
    """What a viewer shows. `user_id` keeps one user's pixels from the next in the same tab.

    `read` belongs to READ and `findings` to REVIEW; findings never go into any other mode.
    `preferences` are what a reader has set for himself. `next_case_id` is fetched ahead. `height` is a CSS
    length. With `report_marks` a click comes back to the page as a Mark (and runs it again).
    Raises ValueError when the mode does not fit.
    """

    case_id: str
    user_id: str
    mode: ViewMode = ViewMode.LOOK
    read: ReadState | None = None
    findings: StudyFindings | None = None
    next_case_id: str | None = None
    command: Command | None = None
    height: str = "calc(100vh - 8rem)"
    report_marks: bool = False
    preferences: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.mode is ViewMode.READ) != (self.read is not None):
            raise ValueError("a read belongs to the mode READ")
        if self.findings is not None and self.mode is not ViewMode.REVIEW:
            raise ValueError("findings are shown in the mode REVIEW alone")


def as_data(view: View, *, key: str) -> dict[str, Any]:
    """The view as the plain data that viewer.js reads."""
    return {
        "key": key,
        "user": view.user_id,
        "case_id": view.case_id,
        "next_case_id": view.next_case_id,
        "mode": view.mode.value,
        "height": view.height,
        "report_marks": view.report_marks,
        "grid": None if view.mode is ViewMode.LOOK else _grid(view),
        "labels": {site.key: translated(site.label) for site in ALL_SITES},
        "focus": {site.key: SHOWN_ON[site.condition].value for site in ALL_SITES},
        "grades": [{"value": int(grade), "label": translated(grade.label)} for grade in Grade],
        "reasons": [
            {"key": reason.value, "label": translated(reason.label)} for reason in _reasons(view.mode)
        ],
        "read": None if view.read is None else read_data(view.read),
        "preferences": dict(view.preferences),
        "scheme": [] if view.read is None else scheme_data(view.read),
        "findings": _findings(view.findings),
        "targets": _targets(view.findings),
        "structure_names": {str(name): translated(label) for name, label in STRUCTURE_LABELS.items()},
        "structures": {str(name): colour for name, colour in STRUCTURE_COLOURS.items()},
        "colours": {mode.value: _colours(palette(mode)) for mode in Mode},
        "command": _command(view.command),
    }


def _colours(colours: Palette) -> dict[str, str]:
    names = ("background", "surface", "border", "text", "muted", "accent", "warning")
    grades = {f"grade-{grade.value}": colours.grade(grade) for grade in Grade}
    return {**{name: getattr(colours, name) for name in names}, **grades, "grade-none": colours.grade(None)}


def _grid(view: View) -> dict[str, Any]:
    """The five levels, and another one where the read asks for it."""
    asked = {*LEVELS, *(site.level for site in (view.read.plan.sites if view.read else ()))}
    rows = [
        {
            "label": level.label,
            "sites": [
                Site(condition=condition, level=level, side=side).key for _, condition, side in COLUMNS
            ],
        }
        for level in Level
        if level in asked
    ]
    return {"columns": [translated(title) for title, _, _ in COLUMNS], "rows": rows}


def _reasons(mode: ViewMode) -> tuple[NotGradable, ...]:
    return READER_REASONS if mode is ViewMode.READ else tuple(NotGradable)


def _findings(findings: StudyFindings | None) -> dict[str, Any] | None:
    if findings is None:
        return None
    measured = measured_of(findings)
    return {
        found.site.key: {
            **answer_data(found),
            "probabilities": found.probabilities and [round(p, 4) for p in found.probabilities],
            "note": known(found.note),
            "streams": [
                {
                    "label": translated(STREAM_LABELS.get(name, name)),
                    "probabilities": [round(p, 4) for p in shares],
                }
                for name, shares in found.streams.items()
            ],
            "measurements": evidence(found.site, measured, found.spreads),
            "why": explained(found.site, measured),
            "where": _where(found),
        }
        for found in findings.sites
    }


def evidence(site: Site, measured: All, spreads: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """A site's measurements as a page shows them: ('Sac area', '62 mm²', 'below 75 mm²: severe')."""
    return [
        (
            translated(one.quantity.label),
            one.quantity.in_words(one.value),
            _beside(one, spreads.get(one.name)),
        )
        for one in assessed(site, measured)
    ]


def _beside(one: Assessment, spread: float | None) -> str:
    said = [] if spread is None else [f"± {one.quantity.in_words(spread)}"]
    if one.crossed:
        worst = one.crossed[0]
        limit = one.quantity.in_words(worst.limit)
        said.append(_("{side} {limit}: {means}", side=worst.worse.label, limit=limit, means=worst.means))
    if one.own_ratio is not None:
        said.append(_("{share} of the other sites", share=percent(one.own_ratio)))
    return ", ".join(said)


def _where(found: SiteFinding) -> str:
    if found.series is None or found.instance_number is None:
        return ""
    return _("{series}, image {number}", series=found.series.label, number=found.instance_number)


def _targets(findings: StudyFindings | None) -> dict[str, Any] | None:
    """Where each site is seen best; a site without a place of its own goes to its level."""
    if findings is None:
        return None
    targets: dict[str, Any] = {}
    for found in findings.sites:
        point = found.point_mm or findings.levels.get(found.site.level)
        if point is not None:
            targets[found.site.key] = {
                "point_mm": list(point),
                "role": None if found.series is None else found.series.value,
                "slice": found.slice_index,
                "mark": found.point_mm is not None,
            }
    return targets


def _command(command: Command | None) -> dict[str, Any] | None:
    if command is None:
        return None
    return {
        "seq": command.number,
        "site": None if command.site is None else command.site.key,
        "point_mm": None if command.point_mm is None else list(command.point_mm),
    }
