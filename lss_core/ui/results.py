"""Pieces of the Results page: choices, notes, tables and where the figures stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import plotly.graph_objects as go
import streamlit as st

from lss_core.domain import Condition, Grade, Role
from lss_core.errors import LssError, StoreError
from lss_core.stats.agreement import band
from lss_core.study.published import PUBLISHED, SOURCE, Published, PublishedCondition
from lss_core.ui import charts
from lss_core.ui.choice import choose, go_to
from lss_core.ui.frame import show_empty, show_error
from lss_core.ui.html import Html, escape, table, write
from lss_core.ui.theme import Palette, current_mode, palette
from lss_core.usecases.figures import (
    BINARY,
    FULL_READER,
    GRADED,
    KAPPAS,
    ConditionResult,
    Figure,
    Measure,
)
from lss_core.usecases.reference import ReferenceSummary, make_majority_reference
from lss_core.usecases.results import StudyResults, results_csv
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

SYNTHETIC = "The cases are synthetic and the readers simulated: the figures say nothing about real ones."
FREEZE = "Freeze the majority"
REFUSED = "reference-refused"
READERS_FAVOURED = (
    "Readers of this table voted for the reference, which favours them over the model. "
    "Compare with a reference from outside where there is one."
)
WEIGHTED_NOTE = (
    "One grade against the rest, weighted by how often each grade occurs in the reference; "
    "the weighted sensitivity is the accuracy."
)
AUC_NOTE = (
    "The model's AUC is of its probabilities; a reader's is of his one grade, "
    "(sensitivity + specificity) / 2, and so lower than that of a curve through the same point."
)
PUBLISHED_NOTE = f"Published figures (hollow circles): {SOURCE}, another study's cases and readers."
BANDS_NOTE = (
    "Bands of Landis and Koch, shaded from light to dark: up to 0.20 slight, 0.40 fair, 0.60 moderate, "
    "0.80 substantial, 1 almost perfect; below 0 poor."
)
CONFUSION_NOTE = (
    "Sites by the reference's grade (rows) and the rater's (columns), shaded by the share of the row."
)
MEAN_NOTE = (
    "The mean reader is the mean of the own figures of the readers who answered at least "
    f"{FULL_READER:.0%} of the sites, not the figure of their pooled counts."
)


def choose_reference(references: Sequence[ReferenceSummary]) -> str:
    """The id of the reference standard to compare with."""
    return choose("reference", {own.id: f"{own.name} v{own.version}" for own in references})


def choose_condition(results: StudyResults) -> ConditionResult:
    """The condition that is shown; it stays through a refresh."""
    found = {result.condition.value: result for result in results.conditions}
    if st.session_state.get("condition") not in found:
        wanted = st.query_params.get("condition")
        st.session_state["condition"] = wanted if wanted in found else next(iter(found))
    chosen = st.segmented_control(
        "Condition",
        list(found),
        format_func=lambda value: Condition(value).label,
        label_visibility="collapsed",
        key="condition",
        required=True,
    )
    shown = chosen or next(iter(found))
    st.query_params["condition"] = shown
    return found[shown]


def offer_reference(workspace: Workspace, user: User, study_id: str) -> None:
    """A coordinator's button that freezes the panel's majority as the reference's next version."""
    if user.role in (Role.COORDINATOR, Role.ADMINISTRATOR):
        st.button(
            FREEZE,
            help="Makes the next version of the reference standard: the panel's majority, and the "
            "adjudicator's word where there is none. Earlier versions stay.",
            on_click=_freeze,
            args=(workspace, user, study_id),
        )
    if refused := st.session_state.pop(REFUSED, None):
        show_error(refused)


def _freeze(workspace: Workspace, user: User, study_id: str) -> None:
    try:
        go_to("reference", make_majority_reference(workspace, user, study_id).id)
    except StoreError as error:
        st.session_state[REFUSED] = error


def no_reference() -> None:
    """Said where nothing can be compared yet."""
    show_empty(
        "No results yet",
        next_step="Results need a reference standard. Once the panel has read a case, a coordinator makes "
        f"one here with '{FREEZE}'. The demo study has one: python -m lss_core demo",
    )


def show_refusal(error: LssError) -> None:
    """Why there are no results for this reference."""
    show_error(error)


def show_method(results: StudyResults) -> None:
    """What the figures rest on, and what speaks against them."""
    made = results.reference
    patients = max((condition.cases for condition in results.conditions), default=0)
    lines = [
        f"Reference: {made.name} v{made.version} ({made.method.value}, "
        f"{made.created_at:%d %b %Y}). Unit: the site. Intervals: {results.level:.0%} {results.interval}, "
        f"{patients} patients, {results.resamples:,} resamples, seed {results.seed}."
    ]
    if results.study.synthetic:
        lines.append(SYNTHETIC)
    if results.readers_make_reference:
        lines.append(READERS_FAVOURED)
    if results.unreferenced:
        lines.append(f"{results.unreferenced} graded sites have no word in the reference and are left out.")
    write(_notes(lines))


def show_condition(result: ConditionResult) -> None:
    """All of one condition: counts, binary, four grades, agreement, confusion."""
    colours = palette(current_mode())
    published = PUBLISHED[result.condition]
    write(_notes([_counts(result)]) + "<h2>Stenosis present: grade 2 or 3</h2>")
    left, right = st.columns([5, 7], gap="medium")
    with left:
        _plot(charts.roc_figure(result, published, colours), "roc")
    with right:
        write(_rater_table(result, BINARY, published, colours, counts=True))
    _plot(charts.interval_figure(result, BINARY, colours, published=published), "binary")
    write(_notes([AUC_NOTE, MEAN_NOTE, PUBLISHED_NOTE, published.note, *_refusals(result, BINARY)]))
    for heading, measures, printed, note in (
        ("Four grades", GRADED, None, WEIGHTED_NOTE),
        ("Agreement with the reference: Cohen's kappa", KAPPAS, published, BANDS_NOTE),
    ):
        write(f"<h2>{heading}</h2>")
        left, right = st.columns([7, 5], gap="medium")
        with left:
            write(_rater_table(result, measures, printed, colours))
        with right:
            chart = charts.interval_figure(
                result, measures, colours, published=printed, bands=measures is KAPPAS
            )
            _plot(chart, measures[0].value)
        write(_notes([note, *_refusals(result, measures)]))
    write("<h2>Agreement among raters on the four grades</h2>" + _panel_table(result, published))
    write("<h2>Confusion matrices</h2>" + _notes([CONFUSION_NOTE]))
    _plot(charts.confusion_figure(result, colours), "confusion")


def download(results: StudyResults) -> None:
    """Every figure of every condition as CSV, made when it is asked for."""
    st.download_button(
        "Download CSV",
        data=lambda: results_csv(results),
        file_name=f"results-{results.study.id}-{results.reference.id}.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _counts(result: ConditionResult) -> str:
    grades = ", ".join(
        f"{count} {grade.name.lower()} ({grade.value})"
        for grade, count in zip(Grade, result.grade_counts, strict=True)
    )
    return (
        f"{result.cases} cases, {result.units} sites in the reference: {grades}; "
        f"{result.reference_not_gradable} not gradable and left out."
    )


def _rater_table(
    result: ConditionResult,
    measures: Sequence[Measure],
    published: PublishedCondition | None,
    colours: Palette,
    *,
    counts: bool = False,
) -> str:
    """The measures of each rater, which is also the legend of the figures."""
    counted = ("n", "Not gradable", "Missing") if counts else ("n",)
    drawn = charts.marks(result.raters, colours)
    rows: list[Sequence[object]] = []
    for rater in result.raters:
        own: tuple[object, ...] = (f"{rater.n:,}", rater.not_gradable, rater.missing)
        if rater.is_mean:
            own = (f"{rater.raters} readers", "", "")
        mark = drawn[rater.name]
        rows.append(
            (
                _signed(charts.SIGNS[mark.symbol], mark.colour, rater.name),
                *own[: len(counted)],
                *(_cell(rater.figures[measure], measure) for measure in measures),
            )
        )
    for name, printed, colour in _printed(published, colours):
        values = [charts.published_value(printed, measure) for measure in measures]
        if any(value is not None for value in values):
            blank = [""] * len(counted)
            rows.append(
                (_signed("◎", colour, name), *blank, *("" if v is None else f"{v:.2f}" for v in values))
            )
    head = ("Rater", *counted, *(measure.label for measure in measures))
    return table(head, rows, numbers=range(1, len(head)))


def _signed(sign: str, colour: str, name: str) -> Html:
    return Html(f'<span style="color:{colour};margin-right:.5em">{sign}</span>{escape(name)}')


def _printed(published: PublishedCondition | None, colours: Palette) -> Iterable[tuple[str, Published, str]]:
    if published is None:
        return
    yield charts.PUBLISHED_READERS, published.readers, colours.text
    yield charts.PUBLISHED_MODEL, published.model, colours.model
    if published.model_abstract is not None:
        yield f"{charts.PUBLISHED_MODEL} (abstract)", published.model_abstract, colours.model


def _cell(figure: Figure, measure: Measure) -> str:
    if measure in KAPPAS and figure.value is not None:
        return f"{figure.text}, {band(figure.value)}"
    return figure.text


def _panel_table(result: ConditionResult, published: PublishedCondition) -> str:
    rows: list[Sequence[object]] = [
        (panel.name, panel.raters, _cell(panel.fleiss, KAPPAS[0]), _cell(panel.alpha, KAPPAS[0]))
        for panel in result.panels
    ]
    for name, own, _ in _printed(published, palette(current_mode())):
        if own.fleiss is not None and own.alpha is not None:
            rows.append((name, "", f"{own.fleiss:.2f}", f"{own.alpha:.2f}"))
    head = ("Raters", "Number", "Fleiss' kappa", "Krippendorff's alpha, ordinal")
    return table(head, rows, numbers=(1, 2, 3))


def _refusals(result: ConditionResult, measures: Sequence[Measure]) -> list[str]:
    """Each reason once, with whom and what it concerns."""
    reasons: dict[str, list[str]] = {}
    for rater in result.raters:
        for measure in measures:
            if reason := rater.figures[measure].refusal:
                reasons.setdefault(reason, []).append(f"{rater.name} ({measure.label})")
    return [f"{', '.join(who)}: {reason}." for reason, who in reasons.items()]


def _notes(lines: Iterable[str]) -> str:
    return f'<p class="lss-muted">{"<br>".join(escape(line) for line in lines if line)}</p>'


def _plot(figure: go.Figure, key: str) -> None:
    st.plotly_chart(
        figure,
        key=f"figure-{key}",
        config={
            "displaylogo": False,
            "displayModeBar": "hover",
            "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoom2d", "pan2d"],
            "toImageButtonOptions": {"format": "svg", "filename": f"results-{key}"},
        },
    )
