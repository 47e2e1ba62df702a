from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn import metrics

from lss_core.domain import SITES, Condition, Grade, RaterKind
from lss_core.stats.resample import Resamples
from lss_core.study.simulate import draw_readers, simulate_reads
from lss_core.usecases.analysis import MEAN_READER, RaterColumn, RatingTable, analyse
from lss_core.usecases.figures import Measure

CASES = 30


@pytest.fixture(scope="module")
def table() -> RatingTable:
    """Thirty cases, a model with probabilities, three readers of whom the first refused some sites."""
    rng = np.random.default_rng(1)
    truth = {
        f"C-{case}": {site: Grade(int(rng.choice(4, p=[0.5, 0.2, 0.2, 0.1]))) for site in SITES}
        for case in range(CASES)
    }
    reads = simulate_reads(truth, draw_readers(3, rng=rng), rng=rng)
    columns = []
    for name, cases in reads.items():
        answers = [answer for given in cases.values() for answer in given]
        grades = np.array([np.nan if answer.grade is None else answer.grade for answer in answers])
        columns.append(RaterColumn(name=name, kind=RaterKind.READER, grades=grades, refused=np.isnan(grades)))
    grades = np.array([grade for sites in truth.values() for grade in sites.values()], float)
    probabilities = rng.dirichlet(np.ones(4), len(grades)) * 0.8 + np.eye(4)[grades.astype(int)] * 0.2
    model = RaterColumn(
        name="Model",
        kind=RaterKind.MODEL,
        grades=probabilities.argmax(axis=1).astype(float),
        refused=np.zeros(len(grades), bool),
        probabilities=probabilities,
    )
    return RatingTable(
        patients=np.repeat(np.arange(CASES), len(SITES)),
        n_patients=CASES,
        conditions=[site.condition for site in SITES] * CASES,
        truth=grades,
        refused=np.zeros(len(grades), bool),
        raters=(model, *columns),
    )


@pytest.fixture(scope="module")
def drawn() -> Resamples:
    return Resamples.draw(CASES, rng=np.random.default_rng(2), resamples=200)


@pytest.fixture(scope="module")
def central(table, drawn):
    return analyse(table, drawn)[0]


def of(condition, name: str):
    return next(rater for rater in condition.raters if rater.name == name)


def units_of(table: RatingTable, condition: Condition) -> np.ndarray:
    return np.flatnonzero([own is condition for own in table.conditions])


def with_raters(table: RatingTable, **changes) -> RatingTable:
    raters = [dataclasses.replace(rater, **changes.get(rater.name, {})) for rater in table.raters]
    return dataclasses.replace(table, raters=tuple(raters))


def test_every_condition_has_its_units_and_raters_in_order(table, drawn) -> None:
    results = analyse(table, drawn)
    assert [result.condition for result in results] == list(Condition)
    assert [result.units for result in results] == [CASES * sites for sites in (5, 10, 10)]
    names = ["Model", MEAN_READER, "Reader 1", "Reader 2", "Reader 3"]
    assert [[rater.name for rater in result.raters] for result in results] == [names] * 3


def test_each_figure_of_the_model_is_scikit_learns(table, central) -> None:
    units = units_of(table, Condition.CENTRAL)
    truth, model = table.truth[units], table.raters[0]
    given, probabilities = model.grades[units], model.probabilities[units]
    positive, called = truth >= 2, given >= 2
    expected = {
        Measure.SENSITIVITY: metrics.recall_score(positive, called),
        Measure.SPECIFICITY: metrics.recall_score(~positive, ~called),
        Measure.AUC: metrics.roc_auc_score(positive, probabilities[:, 2:].sum(axis=1)),
        Measure.PPV: metrics.precision_score(positive, called),
        Measure.NPV: metrics.precision_score(~positive, ~called),
        Measure.ACCURACY: metrics.accuracy_score(positive, called),
        Measure.WEIGHTED_SENSITIVITY: metrics.recall_score(truth, given, average="weighted"),
        Measure.WEIGHTED_AUC: metrics.roc_auc_score(
            truth, probabilities, multi_class="ovr", average="weighted"
        ),
        Measure.KAPPA_BINARY: metrics.cohen_kappa_score(positive, called),
        Measure.KAPPA_GRADED: metrics.cohen_kappa_score(truth, given),
        Measure.KAPPA_QUADRATIC: metrics.cohen_kappa_score(truth, given, weights="quadratic"),
    }
    figures = of(central, "Model").figures
    assert {measure: figures[measure].value for measure in expected} == pytest.approx(expected)
    for figure in figures.values():
        assert figure.interval.low <= figure.value <= figure.interval.high


def test_a_readers_auc_is_that_of_a_hard_label(central) -> None:
    for name in ("Reader 1", MEAN_READER):
        figures = of(central, name).figures
        middle = (figures[Measure.SENSITIVITY].value + figures[Measure.SPECIFICITY].value) / 2
        assert figures[Measure.AUC].value == pytest.approx(middle)
    assert of(central, "Reader 1").curve is None


def test_the_mean_reader_is_the_mean_of_the_readers_figures(central) -> None:
    readers = [of(central, f"Reader {number}") for number in (1, 2, 3)]
    mean = of(central, MEAN_READER)
    assert mean.is_mean
    assert mean.confusion is None
    assert mean.n == sum(reader.n for reader in readers)
    for measure, figure in mean.figures.items():
        own = [reader.figures[measure].value for reader in readers]
        assert figure.value == pytest.approx(np.mean(own))


def test_the_models_curve_runs_from_corner_to_corner(central) -> None:
    curve = of(central, "Model").curve
    assert (curve.false_positive_rates[0], curve.sensitivities[0]) == (0, 0)
    assert (curve.false_positive_rates[-1], curve.sensitivities[-1]) == (1, 1)


def test_unanswered_and_refused_sites_are_counted_apart(table, drawn) -> None:
    units = units_of(table, Condition.CENTRAL)
    grades, refused = np.array(table.raters[2].grades), np.array(table.raters[2].refused)
    grades[units[:7]] = np.nan
    refused[units[:7]] = [True] * 3 + [False] * 4
    before = int(np.isnan(table.raters[2].grades[units[7:]]).sum())
    changed = with_raters(table, **{"Reader 2": {"grades": grades, "refused": refused}})
    reader = of(analyse(changed, drawn)[0], "Reader 2")
    assert (reader.n, reader.missing, reader.not_gradable) == (143 - before, 4, 3 + before)
    assert sum(map(sum, reader.confusion)) == reader.n


def test_sites_that_the_reference_cannot_grade_are_left_out_and_counted(table, drawn) -> None:
    units = units_of(table, Condition.CENTRAL)
    truth, refused = np.array(table.truth), np.array(table.refused)
    truth[units[:5]], refused[units[:5]] = np.nan, True
    result = analyse(dataclasses.replace(table, truth=truth, refused=refused), drawn)[0]
    assert (result.units, result.reference_not_gradable, result.cases) == (145, 5, 29)
    assert sum(result.grade_counts) == 145


def test_an_undefined_figure_carries_its_reason(table, drawn) -> None:
    truth = np.where(table.truth >= 2, 1.0, table.truth)
    result = analyse(dataclasses.replace(table, truth=truth), drawn)[0]
    figure = of(result, "Model").figures[Measure.SENSITIVITY]
    assert (figure.value, figure.interval, figure.text) == (None, None, "undefined")
    assert figure.refusal == "no unit is positive in the reference"
    assert of(result, "Model").curve is None


def test_a_faultless_rater_has_a_rate_with_an_interval_and_a_kappa_without(table, drawn) -> None:
    perfect = with_raters(table, **{"Reader 1": {"grades": table.truth}})
    figures = of(analyse(perfect, drawn)[0], "Reader 1").figures
    assert figures[Measure.SENSITIVITY].interval.method == "Wilson over patients"
    assert figures[Measure.SENSITIVITY].text.startswith("1.00 (0.8")
    assert figures[Measure.KAPPA_GRADED].text == "1.00 (no interval)"
    assert "same in every resample" in figures[Measure.KAPPA_GRADED].refusal


def test_a_reader_who_has_not_begun_is_listed_but_not_in_the_mean(table, drawn, central) -> None:
    absent = np.full_like(table.truth, np.nan)
    changed = with_raters(table, **{"Reader 3": {"grades": absent, "refused": np.zeros(len(absent), bool)}})
    result = analyse(changed, drawn)[0]
    reader, mean = of(result, "Reader 3"), of(result, MEAN_READER)
    assert (reader.n, reader.missing) == (0, 150)
    assert reader.figures[Measure.AUC].text == "undefined"
    assert mean.figures[Measure.SENSITIVITY].value == pytest.approx(
        np.mean([of(central, f"Reader {n}").figures[Measure.SENSITIVITY].value for n in (1, 2)])
    )


def test_a_reader_who_answered_little_counts_neither_in_the_mean_nor_in_the_panel(
    table, drawn, central
) -> None:
    grades = np.array(table.raters[3].grades)
    grades[units_of(table, Condition.CENTRAL)[16:]] = np.nan
    changed = with_raters(table, **{"Reader 3": {"grades": grades, "refused": np.zeros(len(grades), bool)}})
    result = analyse(changed, drawn)[0]
    assert of(result, "Reader 3").n == 16
    assert (of(central, MEAN_READER).raters, of(result, MEAN_READER).raters) == (3, 2)
    assert result.panels[0].raters == 2


def test_panels_are_the_readers_and_the_model_with_the_reference(central) -> None:
    assert [(panel.name, panel.raters) for panel in central.panels] == [
        ("Readers", 3),
        ("Model with the reference", 2),
    ]
    readers, model = central.panels
    assert 0.4 < readers.fleiss.value < readers.alpha.value < 1
    assert model.fleiss.value == pytest.approx(
        of(central, "Model").figures[Measure.KAPPA_GRADED].value, abs=0.02
    )


def test_without_readers_there_is_neither_a_mean_nor_a_panel_of_them(table, drawn) -> None:
    alone = dataclasses.replace(table, raters=table.raters[:1])
    result = analyse(alone, drawn)[0]
    assert [rater.name for rater in result.raters] == ["Model"]
    assert [panel.name for panel in result.panels] == ["Model with the reference"]


def test_the_figures_of_a_public_simulated_study_are_those_of_scikit_learn(shared_data) -> None:
    path = shared_data / "stats" / "sim_study.csv"
    rows = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")
    rows = rows[rows["type"] == "recess"]
    none = np.zeros(len(rows), bool)
    reader = RaterColumn(name="r1", kind=RaterKind.READER, grades=rows["r1"].astype(float), refused=none)
    table = RatingTable(
        patients=rows["patient"],
        n_patients=150,
        conditions=[Condition.LATERAL_RECESS] * len(rows),
        truth=rows["truth"].astype(float),
        refused=none,
        raters=(reader,),
    )
    (result,) = analyse(table, Resamples.draw(150, rng=np.random.default_rng(1), resamples=100))
    figures = of(result, "r1").figures
    positive, called = rows["truth"] >= 2, rows["r1"] >= 2
    assert figures[Measure.AUC].value == pytest.approx(metrics.balanced_accuracy_score(positive, called))
    assert figures[Measure.WEIGHTED_SENSITIVITY].value == pytest.approx(
        metrics.accuracy_score(rows["truth"], rows["r1"])
    )
