"""Tables of results: the source paper's tables for every rater, the panels, with the published figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lss_core.domain import Grade
from lss_core.stats.agreement import band
from lss_core.stats.units import Bounds
from lss_core.study.published import SOURCE, Published, PublishedCondition
from lss_core.texts import _, known, later, ngettext, number, translated, whole
from lss_core.ui import charts
from lss_core.ui.cases import count
from lss_core.ui.charts_flow import counted_units
from lss_core.ui.html import Html, escape
from lss_core.ui.theme import Palette
from lss_core.usecases.figures import FULL_READER, KAPPAS, ConditionResult, Figure, Measure, RaterResult
from lss_core.usecases.result_agreement import AgreementMatrix, SelfAgreement, Weights
from lss_core.usecases.result_missing import SHOWN as MISSING_SHOWN
from lss_core.usecases.result_missing import MissingRow
from lss_core.usecases.results import POOLED_NAME

Rows = list[Sequence[object]]

WEIGHTED_NOTE = later(
    "One grade against the rest, weighted by how often each grade occurs in the reference; "
    "the weighted sensitivity is the accuracy."
)
AUC_NOTE = later(
    "The model's AUC is of its probabilities; a reader's is of his one grade, "
    "(sensitivity + specificity) / 2, and so lower than that of a curve through the same point."
)
PUBLISHED_NOTE = later(
    "Published figures (hollow circles, dotted lines): {source}, another study's cases and readers.",
    source=SOURCE,
)
MISSING_NOTE = later(
    "From every missing or not gradable answer counted as wrong to every one counted as right; without such "
    "answers a rater is not listed. Shares and AUC cannot lie outside."
)
BANDS_NOTE = later(
    "Bands of Landis and Koch, shaded from light to dark: up to 0.20 slight, 0.40 fair, 0.60 moderate, "
    "0.80 substantial, 1 almost perfect; below 0 poor."
)
MEAN_NOTE = later(
    "The mean reader is the mean of the own figures of the readers who answered at least {share:.0%} of the "
    "units, not the figure of their pooled counts.",
    share=FULL_READER,
)

POOLED_NOTE = later(
    "Counts pooled: the same readers' counts added up, shown apart for comparison; it counts a reader by how "
    "much he graded and hides how readers differ."
)
Pooled = tuple[int, Mapping[Measure, Figure]]
"""How many grades were given, and the figures of their counts."""


def counts_line(result: ConditionResult, unit: str) -> str:
    """How many units the reference has, and of which grade."""
    grades = ", ".join(
        f"{translated(grade.word)} ({grade.value}) {count}"
        for grade, count in zip(Grade, result.grade_counts, strict=True)
    )
    return _(
        "{cases}, {units} in the reference: {grades}; {n} not gradable and left out.",
        cases=count(result.cases),
        units=counted_units(unit, result.units),
        grades=grades,
        n=result.reference_not_gradable,
    )


def rater_table(
    result: ConditionResult,
    measures: Sequence[Measure],
    published: PublishedCondition | None,
    colours: Palette,
    *,
    counts: bool = False,
    pooled: Pooled = (0, {}),
) -> tuple[Sequence[str], Rows]:
    """Head and rows of the measures of each rater, which is also the legend of the figures.

    Below them the figures of pooled counts, where there are any, and the published ones.
    """
    counted = (_("n"), _("Not gradable"), _("Missing")) if counts else (_("n"),)
    drawn = charts.marks(result.raters, colours)
    rows: Rows = []
    for rater in answering(result):
        own: tuple[object, ...] = (whole(rater.n), rater.not_gradable, rater.missing)
        if rater.is_mean:
            own = (ngettext("{n} reader", "{n} readers", rater.raters), "", "")
        rows.append(
            (
                signed(drawn, rater.name),
                *own[: len(counted)],
                *(_cell(rater.figures[measure], measure) for measure in measures),
            )
        )
    if pooled[1]:
        blank = [""] * (len(counted) - 1)
        cells = (pooled[1][measure].text if measure in pooled[1] else "" for measure in measures)
        rows.append((translated(POOLED_NAME), whole(pooled[0]), *blank, *cells))
    for name, printed, colour in _printed(published, colours):
        values = [charts.published_value(printed, measure) for measure in measures]
        if any(value is not None for value in values):
            blank = [""] * len(counted)
            rows.append(
                (_signed("◎", colour, name), *blank, *("" if v is None else number(v) for v in values))
            )
    return (_("Rater"), *counted, *(measure.label for measure in measures)), rows


def rater_records(
    result: ConditionResult,
    measures: Sequence[Measure],
    published: PublishedCondition | None,
    *,
    pooled: Pooled = (0, {}),
) -> tuple[Sequence[str], Rows]:
    """The same in full precision, a figure a row."""
    rows: Rows = []
    for rater in result.raters:
        for measure in measures:
            figure, own = rater.figures[measure], rater.figures[measure].interval
            ends = (None, None) if own is None else (own.low, own.high)
            counted = (rater.n, rater.not_gradable, rater.missing)
            rows.append((rater.name, measure.value, figure.value, *ends, *counted, figure.refusal))
    for measure, figure in pooled[1].items():
        if measure in measures:
            own = figure.interval
            ends = (None, None) if own is None else (own.low, own.high)
            rows.append(
                (POOLED_NAME, measure.value, figure.value, *ends, pooled[0], None, None, figure.refusal)
            )
    if published is not None:
        for name, printed in named_published(published):
            for measure in measures:
                if (value := charts.published_value(printed, measure)) is not None:
                    rows.append((name, measure.value, value, None, None, None, None, None, SOURCE))
    return ("rater", "statistic", "value", "low", "high", "n", "not_gradable", "missing", "note"), rows


def panel_table(
    result: ConditionResult, published: PublishedCondition | None, colours: Palette
) -> tuple[Sequence[str], Rows]:
    """Fleiss' kappa and the ordinal alpha of the readers, and of a model with the reference."""
    rows: Rows = [
        (known(panel.name), panel.raters, _cell(panel.fleiss, KAPPAS[0]), _cell(panel.alpha, KAPPAS[0]))
        for panel in result.panels
    ]
    for name, own, _colour in _printed(published, colours):
        if own.fleiss is not None and own.alpha is not None:
            rows.append((name, "", number(own.fleiss), number(own.alpha)))
    return (_("Raters"), _("Number"), _("Fleiss' kappa"), _("Krippendorff's alpha, ordinal")), rows


def panel_records(result: ConditionResult) -> tuple[Sequence[str], Rows]:
    """The panels in full precision."""
    rows: Rows = []
    for panel in result.panels:
        for name, own in (("fleiss_kappa", panel.fleiss), ("krippendorff_alpha_ordinal", panel.alpha)):
            rows.append(figure_record((panel.name, panel.raters, name), own))
    return ("raters", "number", "statistic", "value", "low", "high", "n", "note"), rows


def self_table(rows: Sequence[SelfAgreement]) -> tuple[Sequence[str], Rows]:
    """Head and rows of each reader's agreement with himself."""
    head = (_("Reader"), "n", _("Exact agreement"), *(translated(weights.label) for weights in Weights))
    return head, [
        (
            row.name,
            f"{row.n:,}",
            "" if row.exact is None else number(row.exact),
            *(_cell(row.kappas[weights], KAPPAS[0]) for weights in Weights),
        )
        for row in rows
    ]


def self_records(rows: Sequence[SelfAgreement]) -> tuple[Sequence[str], Rows]:
    """The same in full precision."""
    head = ("reader", "statistic", "value", "low", "high", "n", "note")
    return head, [
        figure_record((row.name, f"kappa, {weights.label}"), own)
        for row in rows
        for weights, own in row.kappas.items()
    ]


def matrix_records(matrix: AgreementMatrix) -> tuple[Sequence[str], Rows]:
    """Every pair of raters in full precision."""
    head = ("one", "other", "statistic", "value", "low", "high", "n", "note")
    more = ("exact_agreement", "prevalence_index", "bias_index")
    rows: Rows = [
        (
            *figure_record((pair.one, pair.other, f"kappa, {matrix.weights.label}"), pair.kappa),
            pair.exact,
            pair.prevalence,
            pair.bias,
        )
        for pair in matrix.pairs.values()
    ]
    return (*head, *more), rows


def figure_record(head: Sequence[object], figure: Figure) -> Sequence[object]:
    """A row's first cells, then the figure's value, low, high, n and refusal."""
    own = figure.interval
    ends = (None, None, None) if own is None else (own.low, own.high, own.n)
    return (*head, figure.value, *ends, figure.refusal)


def refusals(result: ConditionResult, measures: Sequence[Measure]) -> list[str]:
    """Each reason once, with whom and what it concerns."""
    reasons: dict[str, list[str]] = {}
    for rater in answering(result):
        for measure in measures:
            if reason := rater.figures[measure].refusal:
                reasons.setdefault(reason, []).append(
                    f"{translated(rater.name)} ({translated(measure.label)})"
                )
    silent = [translated(rater.name) for rater in result.raters if rater not in answering(result)]
    none = [ngettext("{names} has not answered yet.", "{names} have not answered yet.", len(silent),
                     names=", ".join(silent))] if silent else []  # fmt: skip
    return [f"{', '.join(who)}: {known(reason)}." for reason, who in reasons.items()] + none


def answering(result: ConditionResult) -> list[RaterResult]:
    """The raters who have answered something; the others have no figure."""
    return [rater for rater in result.raters if rater.n or rater.not_gradable]


def missing_table(rows: Sequence[MissingRow]) -> tuple[Sequence[str], Rows]:
    """Head and rows of what the missing grades could change."""
    head = (_("Rater"), _("Without a grade"), *(translated(measure.label) for measure in MISSING_SHOWN))
    return head, [
        (row.name, row.missing, *(_ends(row.bounds[measure]) for measure in MISSING_SHOWN)) for row in rows
    ]


def missing_records(rows: Sequence[MissingRow]) -> tuple[Sequence[str], Rows]:
    """The same in full precision."""
    head = ("rater", "statistic", "missing", "all_wrong", "all_right", "note")
    found: Rows = []
    for row in rows:
        for measure, own in row.bounds.items():
            known = (
                (own.missing, own.worst, own.best, "")
                if isinstance(own, Bounds)
                else (row.missing, None, None, own)
            )
            found.append((row.name, measure.value, *known))
    return head, found


def _ends(own: Bounds | str) -> str:
    return f"{number(own.worst)}–{number(own.best)}" if isinstance(own, Bounds) else _("undefined")


def named_published(published: PublishedCondition) -> list[tuple[str, Published]]:
    """The published figures by the names that tables give them."""
    found = [(charts.PUBLISHED_READERS, published.readers), (charts.PUBLISHED_MODEL, published.model)]
    if published.model_abstract is not None:
        found.append((later("Published model (abstract)"), published.model_abstract))
    return found


def _printed(published: PublishedCondition | None, colours: Palette) -> Iterable[tuple[str, Published, str]]:
    if published is None:
        return
    for name, own in named_published(published):
        yield name, own, colours.text if own is published.readers else colours.model


def signed(marks: Mapping[str, charts.Mark], name: str) -> Html:
    """A rater's name behind his sign in the figures, where he has one."""
    mark = marks.get(name)
    return (
        Html(escape(translated(name)))
        if mark is None
        else _signed(charts.SIGNS[mark.symbol], mark.colour, name)
    )


def _signed(sign: str, colour: str, name: str) -> Html:
    return Html(f'<span style="color:{colour};margin-right:.5em">{sign}</span>{escape(translated(name))}')


def _cell(figure: Figure, measure: Measure) -> str:
    if measure in KAPPAS and figure.value is not None:
        return f"{figure.text}, {translated(band(figure.value))}"
    return figure.text
