"""A condition's results as a report's values: the same figures as the pages show."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lss_core.domain import RaterKind
from lss_core.reports.values import (
    CalibrationPart,
    ConditionPart,
    DifferencePart,
    FlowPart,
    Number,
    OutcomePart,
    PanelPart,
    PooledPart,
    PublishedPart,
    RaterPart,
    StepPart,
    TestPart,
)
from lss_core.stats.mrmc.result import Fixed
from lss_core.study.published import PUBLISHED, Published
from lss_core.texts import later
from lss_core.usecases.figures import ConditionResult, Figure, Measure, RaterResult
from lss_core.usecases.report_arms import arms_part
from lss_core.usecases.result_calibration import SCORES, ModelCalibration, calibrations
from lss_core.usecases.result_comparison import Standalone, non_inferiority, standalone_tests
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.result_differences import difference_rows
from lss_core.usecases.result_flow import Flow, Step, study_flow
from lss_core.usecases.result_roc import Band, roc_bands
from lss_core.usecases.results import POOLED_NAME, pooled_readers
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def condition_part(
    workspace: Workspace,
    user: User,
    data: StudyData,
    result: ConditionResult,
    *,
    arm: str,
    margin: float,
    silent: Collection[str],
    resamples: int,
    seed: int,
) -> ConditionPart:
    """All that the report shows of a condition in an arm, sites as units, without the raters of `silent`."""
    selection = Selection(condition=result.condition, arm=arm)
    bands = roc_bands(data, selection, resamples=resamples, seed=seed)
    readers = [r.name for r in result.raters if r.kind is RaterKind.READER and not r.is_mean]
    printed = PUBLISHED.get(result.condition)
    return ConditionPart(
        condition=result.condition,
        cases=result.cases,
        units=result.units,
        grade_counts=result.grade_counts,
        reference_not_gradable=result.reference_not_gradable,
        raters=tuple(_rater(rater, readers, bands) for rater in result.raters if rater.name not in silent),
        panels=tuple(
            PanelPart(name=p.name, raters=p.raters, fleiss=_number(p.fleiss), alpha=_number(p.alpha))
            for p in result.panels
        ),
        published=_published(result),
        published_note="" if printed is None else printed.note,
        differences=tuple(
            DifferencePart(
                model=row.model,
                other=row.other,
                measure=row.measure.label,
                number=_number(row.figure),
                p=row.p,
                test=row.test,
            )
            for row in difference_rows(data, selection, resamples=resamples, seed=seed)
        ),
        tests=_tests(data, selection, margin),
        flow=_flow(study_flow(workspace, user, data, selection)),
        pooled=_pooled(*pooled_readers(data, selection, resamples=resamples, seed=seed)),
        calibrations=tuple(
            _calibration(own) for own in calibrations(data, selection, resamples=resamples, seed=seed)
        ),
        arms=arms_part(data, selection, margin),
    )


def _number(figure: Figure) -> Number:
    return Number(value=figure.value, interval=figure.interval, refusal=figure.refusal)


def _rater(rater: RaterResult, readers: Sequence[str], bands: Mapping[str, Band]) -> RaterPart:
    curve, band = rater.curve, bands.get(rater.name)
    is_model = rater.kind is RaterKind.MODEL
    return RaterPart(
        name=rater.name,
        is_model=is_model,
        is_mean=rater.is_mean,
        place=readers.index(rater.name) if rater.name in readers else -1,
        full=rater.is_full,
        raters=rater.raters,
        n=rater.n,
        missing=rater.missing,
        not_gradable=rater.not_gradable,
        numbers={measure.label: _number(figure) for measure, figure in rater.figures.items()},
        confusion=rater.confusion,
        curve=None if curve is None else (curve.false_positive_rates, curve.sensitivities),
        band=None
        if band is None
        else ((band.false_positive_rates, band.low), (band.false_positive_rates, band.high)),
    )


def _published(result: ConditionResult) -> tuple[PublishedPart, ...]:
    printed = PUBLISHED.get(result.condition)
    if printed is None:
        return ()
    found = [
        _printed(later("Published readers"), printed.readers, is_model=False),
        _printed(later("Published model"), printed.model, is_model=True),
    ]
    if printed.model_abstract is not None:
        found.append(_printed(later("Published model (abstract)"), printed.model_abstract, is_model=True))
    return tuple(found)


def _printed(name: str, own: Published, *, is_model: bool) -> PublishedPart:
    values = {
        Measure.SENSITIVITY: own.sensitivity,
        Measure.SPECIFICITY: own.specificity,
        Measure.AUC: own.auc,
        Measure.KAPPA_BINARY: own.kappa_binary,
        Measure.KAPPA_GRADED: own.kappa_graded,
    }
    return PublishedPart(
        name=name,
        is_model=is_model,
        numbers={measure.label: value for measure, value in values.items() if value is not None},
        fleiss=own.fleiss,
        alpha=own.alpha,
    )


def _pooled(n: int, figures: Mapping[Measure, Figure]) -> PooledPart | None:
    numbers = {measure.label: _number(figure) for measure, figure in figures.items()}
    return PooledPart(name=POOLED_NAME, n=n, numbers=numbers) if numbers else None


def _calibration(own: ModelCalibration) -> CalibrationPart:
    return CalibrationPart(
        model=own.model,
        bins=own.bins,
        scores=tuple((label, _number(own.scores[name]), best) for name, (label, best) in SCORES.items()),
        sites=own.coverage.sites,
        graded=own.coverage.graded,
        others=own.coverage.others,
    )


def _tests(data: StudyData, selection: Selection, margin: float) -> tuple[TestPart, ...]:
    """The tests of the selection's condition; Holm adjusts over all three."""
    rows = standalone_tests(data, selection)
    p = {fixed: non_inferiority(rows, fixed, margin) for fixed in Fixed}
    return tuple(
        _test(row, {fixed: own[place] for fixed, own in p.items()})
        for place, row in enumerate(rows)
        if row.condition is selection.condition
    )


def _test(row: Standalone, noninferior: Mapping[Fixed, float | None]) -> TestPart:
    """The test with random readers and cases; with fixed readers where only that can be made."""
    fixed = Fixed.NONE if Fixed.NONE in row.tests else Fixed.READERS
    test = row.tests.get(fixed)
    return TestPart(
        model=row.model,
        figure=row.figure.label,
        readers=len(row.readers),
        units=row.units,
        left_out=row.left_out,
        model_value=row.model_value,
        readers_mean=row.readers_mean,
        lowest=min(row.reader_values, default=None),
        highest=max(row.reader_values, default=None),
        difference=None if test is None else test.estimate,
        statistic=None if test is None else test.statistic,
        df=None if test is None else test.df,
        p=None if test is None else test.p_value,
        p_holm=row.p_holm.get(fixed),
        noninferior_p=noninferior[fixed],
        readers_fixed=test is not None and fixed is Fixed.READERS,
        refusal=row.refusals.get(Fixed.NONE, ""),
    )


def _flow(flow: Flow) -> FlowPart:
    return FlowPart(
        steps=tuple(_step(step) for step in flow.steps),
        outcomes=tuple(
            OutcomePart(
                title=own.title, units=own.units, positive=own.positive, negative=own.negative, none=own.none
            )
            for own in flow.outcomes
        ),
        readers=flow.readers,
    )


def _step(step: Step) -> StepPart:
    return StepPart(
        title=step.title,
        count=step.count,
        unit="case" if step.unit == "case" else "site",
        notes=step.notes,
        lost=step.left,
    )
