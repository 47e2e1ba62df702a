"""Every point of a figure leads to its cases."""

import pytest

from lss_core.domain import Condition, RaterKind
from lss_core.stats.mrmc.result import Fixed
from lss_core.ui.charts import classes, counts_of, interval_figure
from lss_core.ui.charts_agreement import coefficient_figure, confusion_figure, kappa_figure
from lss_core.ui.charts_calibration import reliability_figure
from lss_core.ui.charts_comparison import forest_figure, margin_figure, slope_figure
from lss_core.ui.charts_roc import roc_figure
from lss_core.ui.theme import Mode, palette
from lss_core.usecases.figures import BINARY, KAPPAS, Measure
from lss_core.usecases.result_agreement import Weights, agreement_matrix, panel_figures
from lss_core.usecases.result_arms import compare_arms
from lss_core.usecases.result_calibration import calibrations
from lss_core.usecases.result_cases import Pick, picked, unit_rows
from lss_core.usecases.result_comparison import Compared, standalone_tests
from lss_core.usecases.result_data import Selection
from lss_core.usecases.result_differences import difference_rows
from lss_core.usecases.result_roc import roc_bands
from lss_core.usecases.results import condition_result
from tests.pages.results_data import made_up

COLOURS = palette(Mode.LIGHT)
CENTRAL = Selection(condition=Condition.CENTRAL)
READERS = ["Reader 1", "Reader 2"]


def drawn(name):
    data = made_up(arms=True)
    result = condition_result(data, CENTRAL, resamples=100)
    made = {
        "binary": lambda: interval_figure(result, BINARY, COLOURS),
        "kappas": lambda: interval_figure(result, KAPPAS, COLOURS, bands=True),
        "roc": lambda: roc_figure(result, None, COLOURS, roc_bands(data, CENTRAL, resamples=100)),
        "forest": lambda: forest_figure(
            difference_rows(data, CENTRAL, resamples=100), READERS, COLOURS, margin=0.05
        ),
        "margins": lambda: margin_figure(
            standalone_tests(data, CENTRAL), Fixed.READERS, COLOURS, margin=0.05
        ),
        "slopes": lambda: slope_figure(compare_arms(data, CENTRAL, Compared.SENSITIVITY), READERS, COLOURS),
        "matrix": lambda: kappa_figure(
            agreement_matrix(data, CENTRAL, Weights.LINEAR, resamples=100), COLOURS
        ),
        "panel": lambda: coefficient_figure(panel_figures(data, CENTRAL, resamples=100), COLOURS),
        "confusion": lambda: confusion_figure(result, COLOURS),
        "reliability": lambda: reliability_figure(calibrations(data, CENTRAL, resamples=100)[0], COLOURS),
    }
    return data, made[name]()


@pytest.mark.parametrize(
    "name",
    ["binary", "kappas", "roc", "forest", "margins", "slopes", "matrix", "panel", "confusion", "reliability"],
)
def test_every_point_of_a_figure_leads_to_its_cases(name: str) -> None:
    data, figure = drawn(name)
    answering = [trace for trace in figure.data if trace.type == "scatter" and trace.hoverinfo != "skip"]
    assert answering
    found = []
    for trace in answering:
        assert trace.customdata is not None, trace.hovertemplate
        for point in trace.customdata:
            pick = Pick.parse(point[0])
            selection = Selection(condition=Condition(pick.condition or Condition.CENTRAL))
            found += picked(unit_rows(data, selection), pick)
            assert pick.title
    assert found


def test_a_margin_leads_to_the_cases_of_its_own_condition() -> None:
    _, figure = drawn("margins")
    conditions = [Pick.parse(trace.customdata[0][0]).condition for trace in figure.data]
    assert set(conditions) == {condition.value for condition in Condition}


def test_a_figure_s_hover_gives_the_counts_behind_it() -> None:
    data, figure = drawn("binary")
    result = condition_result(data, CENTRAL, resamples=100)
    model = next(rater for rater in result.raters if rater.kind is RaterKind.MODEL)
    hits, positives, left, negatives = classes(model)
    told = [trace.hovertemplate for trace in figure.data if trace.hovertemplate.startswith(model.name)]
    assert [text.split("<br>")[1] for text in told] == [
        f"{hits} of {positives}<extra></extra>",
        f"{left} of {negatives}<extra></extra>",
        f"n = {model.n}<extra></extra>",
    ]
    mean = [trace.hovertemplate for trace in figure.data if trace.hovertemplate.startswith("Mean reader")]
    assert all("mean of 2 readers" in text for text in mean)
    graded = counts_of(model, Measure.WEIGHTED_SENSITIVITY)
    assert graded == f"{sum(model.confusion[grade][grade] for grade in range(4))} of {model.n}"


@pytest.mark.parametrize("name", ["forest", "margins"])
def test_a_difference_s_hover_gives_its_units(name: str) -> None:
    _, figure = drawn(name)
    assert all("<br>n = " in trace.hovertemplate for trace in figure.data if trace.error_x.array)
