from __future__ import annotations

import pytest

from lss_core.domain import Condition, Estimate, NotGradable, RaterKind
from lss_core.stats.probabilities import ReliabilityBin
from lss_core.study.published import PUBLISHED
from lss_core.ui import charts, charts_agreement, charts_roc
from lss_core.ui.charts_calibration import reliability_figure
from lss_core.ui.html import table
from lss_core.ui.results import calibration, tables
from lss_core.ui.theme import MODEL_SYMBOL, READER_SYMBOLS, Mode, palette
from lss_core.usecases.figures import (
    BINARY,
    GRADED,
    KAPPAS,
    ConditionResult,
    Curve,
    Figure,
    Measure,
    PanelResult,
    RaterResult,
)
from lss_core.usecases.result_calibration import Coverage, ModelCalibration
from lss_core.usecases.result_cases import Pick
from lss_core.usecases.result_roc import Band

COLOURS = palette(Mode.DARK)
PRINTED = PUBLISHED[Condition.CENTRAL]


def figure(value: float = 0.8) -> Figure:
    interval = Estimate(value=value, low=value - 0.1, high=value + 0.05, n=100, method="test")
    return Figure(value=value, interval=interval)


def rater(name: str, kind: RaterKind = RaterKind.READER, **changes) -> RaterResult:
    known = {
        "n": 100,
        "missing": 0,
        "not_gradable": 2,
        "figures": {measure: figure() for measure in Measure},
        "confusion": ((40, 5, 0, 0), (3, 20, 2, 0), (0, 4, 16, 2), (0, 0, 1, 7)),
    }
    return RaterResult(name=name, kind=kind, **(known | changes))


@pytest.fixture
def result() -> ConditionResult:
    curve = Curve(
        thresholds=(float("inf"), 0.5, 0.0), false_positive_rates=(0, 0.1, 1), sensitivities=(0, 0.9, 1)
    )
    rare = {measure: Figure(refusal="no unit is positive in the reference") for measure in Measure}
    return ConditionResult(
        condition=Condition.CENTRAL,
        cases=20,
        units=102,
        grade_counts=(45, 25, 22, 10),
        reference_not_gradable=1,
        raters=(
            rater("net", RaterKind.MODEL, curve=curve),
            rater("Mean reader", is_mean=True, raters=2, confusion=None),
            rater("Anna", figures={measure: figure(0.7) for measure in Measure}),
            rater("<Boris>"),
            rater("Guest", n=1, not_gradable=0, missing=101, figures=rare),
        ),
        panels=(PanelResult(name="Readers", raters=2, fleiss=figure(0.65), alpha=figure(0.7)),),
    )


def rater_html(*given, **options) -> str:
    return table(*tables.rater_table(*given, **options))


def names(drawn) -> set[str]:
    return {trace.name for trace in drawn.data if trace.name}


def test_the_roc_figure_has_the_curve_the_raters_and_the_published_points(result) -> None:
    drawn = charts_roc.roc_figure(result, PRINTED, COLOURS, {})
    assert names(drawn) == {"net", "Mean reader", "Anna", "<Boris>", "Published readers", "Published model"}
    anna = next(trace for trace in drawn.data if trace.name == "Anna")
    assert (anna.x[0], anna.y[0]) == (pytest.approx(0.3), 0.7)
    curve = next(trace for trace in drawn.data if trace.mode == "lines" and trace.name == "net")
    assert tuple(curve.y) == (0, 0.9, 1)


def test_a_reader_is_a_point_in_the_box_of_his_two_intervals(result) -> None:
    drawn = charts_roc.roc_figure(result, PRINTED, COLOURS, {})
    box = next(trace for trace in drawn.data if trace.fill == "toself")
    assert (min(box.x), max(box.x)) == pytest.approx((0.25, 0.4))  # 1 - specificity of 0.7 (0.6 to 0.75)
    assert (min(box.y), max(box.y)) == pytest.approx((0.6, 0.75))


def test_a_point_tells_its_counts_and_leads_to_its_cases(result) -> None:
    drawn = charts_roc.roc_figure(result, PRINTED, COLOURS, {})
    anna = next(trace for trace in drawn.data if trace.name == "Anna")
    assert "26 of 30 positives found, 68 of 70 negatives left" in anna.hovertemplate
    assert Pick.parse(anna.customdata[0][0]) == Pick(one="Anna", binary=True)


def test_the_curve_has_its_band_and_the_legend_of_the_file_names_all_that_is_drawn(result) -> None:
    band = Band(false_positive_rates=(0, 1), low=(0.1, 0.9), high=(0.4, 1))
    drawn = charts_roc.roc_figure(result, PRINTED, COLOURS, {"net": band})
    assert tuple(drawn.data[1].y) == (0.4, 1, 0.9, 0.1)
    assert names(drawn) == set(charts_roc.legend_of(result, PRINTED, COLOURS))


def test_bars_of_a_point_are_turned_round_where_the_axis_is(result) -> None:
    drawn = charts_roc.roc_figure(result, PRINTED, COLOURS, {})
    mean = next(trace for trace in drawn.data if trace.name == "Mean reader")
    assert (mean.error_y.array[0], mean.error_y.arrayminus[0]) == pytest.approx((0.05, 0.1))
    assert (mean.error_x.array[0], mean.error_x.arrayminus[0]) == pytest.approx((0.1, 0.05))


def test_a_reader_who_has_just_begun_is_in_the_table_but_not_in_the_figures(result) -> None:
    assert [own.name for own in charts.shown(result)] == ["net", "Mean reader", "Anna", "<Boris>"]
    assert "Guest" in rater_html(result, BINARY, PRINTED, COLOURS, counts=True)


@pytest.mark.parametrize("measures", [BINARY, GRADED, KAPPAS])
def test_intervals_stand_in_one_panel_a_measure_and_one_row_a_rater(result, measures) -> None:
    drawn = charts.interval_figure(result, measures, COLOURS, published=PRINTED, bands=measures is KAPPAS)
    own = [trace for trace in drawn.data if trace.error_x.array is not None]
    assert len(own) == len(measures) * 4
    printed = [trace for trace in drawn.data if "Published" in trace.hovertemplate]
    assert len(printed) == {BINARY: 6, GRADED: 0, KAPPAS: 4}[measures]
    assert len(drawn.layout.shapes) == {BINARY: 6, GRADED: 0, KAPPAS: 19}[measures]


def test_a_figure_without_a_value_draws_nothing(result) -> None:
    bare = ConditionResult(
        condition=Condition.CENTRAL,
        cases=2,
        units=2,
        grade_counts=(2, 0, 0, 0),
        reference_not_gradable=0,
        raters=(rater("net", RaterKind.MODEL, figures={m: Figure(refusal="none") for m in Measure}),),
    )
    assert "net" not in names(charts_roc.roc_figure(bare, PRINTED, COLOURS, {}))
    (point, *_) = charts.interval_figure(bare, BINARY, COLOURS).data
    assert point.x[0] is None


def test_a_confusion_matrix_shows_counts_and_is_shaded_by_the_share_of_its_row(result) -> None:
    drawn = charts_agreement.confusion_figure(result, COLOURS)
    assert len([trace for trace in drawn.data if trace.type == "heatmap"]) == 3
    first = drawn.data[0]
    assert tuple(first.text[0]) == ("40<br>89%", "5<br>11%", "0<br>0%", "0<br>0%")
    assert first.z[0][0] == pytest.approx(40 / 45)


def test_every_symbol_has_a_sign_for_the_table() -> None:
    assert {*READER_SYMBOLS, MODEL_SYMBOL, charts.MEAN_SYMBOL} <= charts.SIGNS.keys()


def test_readers_are_told_apart_by_colour_and_symbol(result) -> None:
    drawn = charts.marks(result.raters, COLOURS)
    assert len({(mark.colour, mark.symbol) for mark in drawn.values()}) == len(result.raters)


def test_the_table_has_the_published_figures_below_and_escapes_names(result) -> None:
    table = rater_html(result, BINARY, PRINTED, COLOURS, counts=True)
    assert "&lt;Boris&gt;" in table
    assert "<Boris>" not in table
    assert "0.70 (0.60–0.75)" in table
    assert "2 readers" in table
    assert "Published model (abstract)" in table
    assert "undefined" in table


def test_pooled_counts_stand_apart_below_the_readers(result) -> None:
    pooled = (1234, {Measure.SENSITIVITY: figure(0.66)})
    _, rows = tables.rater_table(result, BINARY, PRINTED, COLOURS, counts=True, pooled=pooled)
    (place,) = [place for place, row in enumerate(rows) if row[0] == "Readers, counts pooled"]
    assert rows[place] == ("Readers, counts pooled", "1,234", "", "", "0.66 (0.56–0.71)", "", "")
    assert "Published" in rows[place + 1][0]
    assert "Mean reader" in rows[1][0]
    _, records = tables.rater_records(result, BINARY, None, pooled=pooled)
    assert records[-1][:3] == ("Readers, counts pooled", "sensitivity", 0.66)
    assert records[-1][3:6] == pytest.approx((0.56, 0.71, 1234))
    assert "pooled" not in rater_html(result, BINARY, PRINTED, COLOURS)


def test_a_kappa_carries_its_band_and_a_column_nobody_printed_has_no_row(result) -> None:
    assert "0.70 (0.60–0.75), substantial" in rater_html(result, KAPPAS, PRINTED, COLOURS)
    assert "Published" not in rater_html(result, GRADED, PRINTED, COLOURS)
    panels = table(*tables.panel_table(result, PRINTED, COLOURS))
    assert "0.65 (0.55–0.70), substantial" in panels
    assert "0.76" in panels


def test_a_refusal_is_said_once_with_whom_it_concerns(result) -> None:
    (line,) = tables.refusals(result, BINARY)
    assert line == (
        "Guest (Sensitivity), Guest (Specificity), Guest (AUC): no unit is positive in the reference."
    )


@pytest.fixture
def calibrated() -> ModelCalibration:
    observed = Estimate(value=0.25, low=0.1, high=0.5, n=80, method="test")
    few = ReliabilityBin(low=0.9, high=1.0, n=20, mean_probability=0.95, share=1.0, observed=None)
    many = ReliabilityBin(low=0.1, high=0.2, n=80, mean_probability=0.15, share=0.25, observed=observed)
    names = ("ranked_probability_score", "brier_score", "expected_calibration_error", "in_the_large")
    return ModelCalibration(
        model="net",
        bins=(many, few),
        scores=dict.fromkeys(names, figure(0.0834)) | {"slope": Figure(refusal="no finite slope fits")},
        coverage=Coverage(sites=120, graded=100, others=((NotGradable.METAL.label, 20),)),
    )


def test_a_bin_stands_at_its_mean_probability_with_its_interval_and_tells_its_n(calibrated) -> None:
    line, points = reliability_figure(calibrated, COLOURS).data
    assert (tuple(line.x), tuple(line.y)) == ((0, 1), (0, 1))
    assert (tuple(points.x), tuple(points.y)) == ((0.15, 0.95), (0.25, 1.0))
    assert tuple(points.error_y.array) == pytest.approx((0.25, 0))
    assert tuple(points.error_y.arrayminus) == pytest.approx((0.15, 0))
    assert points.marker.size[0] == pytest.approx(2 * points.marker.size[1])  # the area is the number
    assert "n 80<br>mean 0.15, observed 0.25 (0.10–0.50)" in points.customdata[0][1]
    assert "observed 1.00 (no interval)" in points.customdata[1][1]
    assert Pick.parse(points.customdata[0][0]) == Pick(one="net", shares=(0.1, 0.2))


def test_scores_have_three_decimals_and_coverage_its_shares(calibrated) -> None:
    scores = table(*calibration.score_table(calibrated))
    assert "0.083 (−0.017 to 0.133)" in scores
    assert "undefined" in scores
    assert calibration._refused(calibrated) == ["Calibration slope: no finite slope fits."]
    covered = table(*calibration.coverage_table(calibrated.coverage))
    for wanted in ("83.3", "Metal hides the place", "16.7", "120"):
        assert wanted in covered
    head, rows = calibration.coverage_records(calibrated)
    assert [dict(zip(head, row, strict=True))["n"] for row in rows] == [100, 20, 120]
    head, rows = calibration.bin_records(calibrated)
    assert dict(zip(head, rows[1], strict=True))["low"] is None
    assert len(calibration.score_records(calibrated)[1]) == 5
