"""Below the curves: how good a model's probabilities are, and at how many sites it gives any."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lss_core.texts import _, known, later, number, percent, translated, whole
from lss_core.ui.charts_calibration import reliability_figure, reliability_legend
from lss_core.ui.html import write
from lss_core.ui.results.cases import show_picked
from lss_core.ui.results.shown import COUNTS, Made, heading_of, notes, show_figure, show_table
from lss_core.ui.results.tables import Rows, figure_record
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.figures import Figure
from lss_core.usecases.result_calibration import SCORES, Coverage, ModelCalibration, calibrations
from lss_core.usecases.result_data import Selection, StudyData

BINS_METHOD = later("95% Wilson, effective size of Rao and Scott over patients")
SCORES_METHOD = later("95% patient bootstrap, BCa; slope and intercept: Wald clustered by patient")
BINS_NOTE = later(
    "Sites in ten bins of equal width of the model's probability of grade 2 or 3; the more sites, the larger "
    "the point. On the dotted line as many are positive as the model says; below the line it says too much."
)
SCORES_NOTE = later(
    "The calibration error is above 0 by chance even for a calibrated model. A slope below 1: the "
    "probabilities are too extreme. In the large, below 0: they are too high on the whole."
)
COVERAGE_NOTE = later(
    "Of the sites that the reference has graded. Curve, scores and bins are of the graded ones alone."
)


def calibration_part(data: StudyData, selection: Selection, made: Made) -> None:
    """A figure and two tables for each model with probabilities; nothing where there is none."""
    for place, own in enumerate(calibrations(data, selection)):
        write(heading_of(_("Calibration and coverage of {model}", model=own.model)))
        _shown(data, selection, made, own, place)


def _shown(data: StudyData, selection: Selection, made: Made, own: ModelCalibration, place: int) -> None:
    colours, name = palette(current_mode()), f"reliability-{place + 1}"
    left, right = st.columns([6, 7], gap="medium")
    with left:
        title = _("Reliability of {model}, {condition}", model=own.model, condition=made.named)
        drawn = reliability_figure(own, colours)
        pick = show_figure(
            drawn, name, title, made, method=BINS_METHOD, records=bin_records(own),
            marks=reliability_legend(own, colours),
        )  # fmt: skip
        write(notes([BINS_NOTE]))
    with right:
        title = _("Scores of the probabilities, {condition}", condition=made.named)
        head, rows = score_table(own)
        show_table(f"scores-{place + 1}", title, head, rows, score_records(own), made, method=SCORES_METHOD)
        write(notes([SCORES_NOTE, *_refused(own)]))
        title = _("Coverage of the model, {condition}", condition=made.named)
        head, rows = coverage_table(own.coverage)
        show_table(f"coverage-{place + 1}", title, head, rows, coverage_records(own), made, method=COUNTS)
        write(notes([COVERAGE_NOTE]))
    show_picked(data, selection, pick, made, of=name)


def score_table(own: ModelCalibration) -> tuple[Sequence[str], Rows]:
    """Head and rows of the scores of a model."""
    head = (_("Score"), _("Value (95% CI)"), _("Best"))
    return head, [
        (translated(label), _text(own.scores[name]), best) for name, (label, best) in SCORES.items()
    ]


def score_records(own: ModelCalibration) -> tuple[Sequence[str], Rows]:
    """The same in full precision."""
    head = ("model", "statistic", "value", "low", "high", "n", "note")
    return head, [figure_record((own.model, name), own.scores[name]) for name in SCORES]


def coverage_table(own: Coverage) -> tuple[Sequence[str], Rows]:
    """Head and rows: the sites that the model graded, and why it did not grade the others."""
    counted = [(later("Graded by the model"), own.graded), *own.others, (later("All sites"), own.sites)]
    return (_("Sites"), "n", _("Share")), [
        (translated(label), whole(n), percent(n / own.sites, 1) if own.sites else "") for label, n in counted
    ]


def coverage_records(own: ModelCalibration) -> tuple[Sequence[str], Rows]:
    """The same as numbers."""
    counted = [("graded", own.coverage.graded), *own.coverage.others, ("all", own.coverage.sites)]
    return ("model", "sites", "n"), [(own.model, label, n) for label, n in counted]


def bin_records(own: ModelCalibration) -> tuple[Sequence[str], Rows]:
    """The bins in full precision."""
    head = ("model", "from", "to", "n", "mean_probability", "share_observed", "low", "high")
    rows: Rows = []
    for one in own.bins:
        ends = (None, None) if one.observed is None else (one.observed.low, one.observed.high)
        rows.append((own.model, one.low, one.high, one.n, one.mean_probability, one.share, *ends))
    return head, rows


def _text(own: Figure) -> str:
    """'0.083 (0.071 to 0.096)': scores need the third decimal."""
    if own.value is None or own.interval is None:
        return own.text
    value, low, high = (number(end, 3) for end in (own.value, own.interval.low, own.interval.high))
    return _("{value} ({low} to {high})", value=value, low=low, high=high)


def _refused(own: ModelCalibration) -> list[str]:
    """Each reason why a score or its interval is missing, once."""
    reasons: dict[str, list[str]] = {}
    for name, (label, _best) in SCORES.items():
        if reason := own.scores[name].refusal:
            reasons.setdefault(reason, []).append(translated(label))
    return [f"{', '.join(names)}: {known(reason)}." for reason, names in reasons.items()]
