"""What the result views compute: units, bands, kappas, comparisons, cases, times."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn import metrics

from lss_core.domain import Condition, Estimate, Level, NotGradable, RaterKind, Side
from lss_core.errors import StatisticsError
from lss_core.stats import agreement, curves
from lss_core.stats.mrmc.result import Difference, Fixed
from lss_core.stats.multiplicity import holm
from lss_core.stats.tables import confusion_tables, encode
from lss_core.store.values import ReadTime
from lss_core.usecases.figures import Measure
from lss_core.usecases.rater_statistics import POSITIVE, SCALE
from lss_core.usecases.result_agreement import (
    REFERENCE,
    Weights,
    agreement_matrix,
    intra_reader,
    panel_figures,
)
from lss_core.usecases.result_arms import AFTER, BEFORE, compare_arms, overrides
from lss_core.usecases.result_calibration import NO_ANSWER, NOT_GRADABLE, calibrations
from lss_core.usecases.result_cases import Pick, disagreements, picked, rows_records, unit_rows
from lss_core.usecases.result_comparison import (
    OWN_REFERENCES,
    Compared,
    Standalone,
    non_inferiority,
    standalone_tests,
)
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import Selection, Unit, drawn
from lss_core.usecases.result_differences import FOREST, difference_rows, difference_text, p_text
from lss_core.usecases.result_findings import arms_finding, findings
from lss_core.usecases.result_missing import missing_rows
from lss_core.usecases.result_roc import GRID, roc_bands
from lss_core.usecases.result_subgroups import subgroup_attributes
from lss_core.usecases.result_times import timed
from lss_core.usecases.results import condition_result, pooled_readers
from tests.pages.results_data import CASES, made_up

CENTRAL = Selection(condition=Condition.CENTRAL)
FORAMINAL = Selection(condition=Condition.FORAMINAL)


def test_a_selection_takes_its_sites_and_names_each() -> None:
    own = cut(made_up(), Selection(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.LEFT))
    assert len(own.names) == CASES
    assert {name.label for name in own.names} == {"L4-L5 foraminal, left"}
    assert Selection(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.LEFT).subgroup == (
        "L4-L5, left"
    )


@pytest.mark.parametrize(("unit", "count"), [(Unit.SITE, 60), (Unit.LEVEL, 30), (Unit.PATIENT, 6)])
def test_the_worst_site_of_a_level_or_patient_is_its_grade(unit: Unit, count: int) -> None:
    data = made_up()
    own = cut(data, replace(FORAMINAL, unit=unit))
    assert len(own.names) == len(own.table.truth) == count
    of_unit = [
        max(data.table.truth[place] for place in np.flatnonzero(own.members == unit_number))
        for unit_number in range(count)
    ]
    assert own.table.truth.tolist() == of_unit


def test_the_site_that_shows_a_level_is_the_worst_of_it() -> None:
    data = made_up()
    grades = dict(zip(data.sites, data.table.truth, strict=True))
    own = cut(data, replace(FORAMINAL, unit=Unit.LEVEL))
    for name, grade in zip(own.names, own.table.truth, strict=True):
        assert grades[name.case_id, name.site] == grade


def test_units_that_a_rater_graded_in_part_are_counted() -> None:
    partial = cut(made_up(), replace(FORAMINAL, unit=Unit.PATIENT)).partial
    readers = [rater for rater in made_up().table.raters if rater.kind is RaterKind.READER]
    missing = {rater.name for rater in readers if np.isnan(rater.grades).any()}
    assert set(partial) <= missing


def test_what_the_reference_has_not_is_refused() -> None:
    with pytest.raises(StatisticsError, match="no such site"):
        cut(replace(made_up(), sites=(), fingerprint="none"), CENTRAL)
    with pytest.raises(StatisticsError, match="nobody has read in this arm"):
        cut(made_up(), replace(CENTRAL, arm="aided"))


def test_results_are_kept_by_the_data_s_fingerprint() -> None:
    first, again = made_up(), made_up()
    assert condition_result(first, CENTRAL) is condition_result(again, CENTRAL)
    other = replace(made_up(), fingerprint="another")
    assert condition_result(other, CENTRAL) is not condition_result(first, CENTRAL)


def test_a_coefficient_of_the_panel_leads_to_the_units_where_its_readers_differ() -> None:
    rows = unit_rows(made_up(), CENTRAL)
    pick = Pick(one="Fleiss' kappa", among=True)
    expected = [row for row in rows if len({g for g in row.readers.values() if g is not None}) > 1]
    assert picked(rows, Pick.parse(pick.text)) == expected
    assert 0 < len(expected) < len(rows)
    assert pick.title == "The readers gave different grades"


def test_the_second_reads_are_not_taken_for_the_first_that_were_kept() -> None:
    data = made_up()
    kept = cut(data, CENTRAL).table  # by the fingerprint, which the second reads share
    again = replace(data.table, raters=tuple(replace(r, grades=3 - r.grades) for r in data.table.raters))
    own = intra_reader(replace(data, repeats=again), CENTRAL, resamples=100)
    assert own[0].exact == 0.0
    assert cut(data, CENTRAL).table is kept


def test_the_band_is_that_of_stats_curves() -> None:
    data = made_up()
    own = roc_bands(data, CENTRAL, resamples=200)["net 1.0"]
    table = cut(data, CENTRAL).table
    scores = table.raters[0].probabilities[:, POSITIVE].sum(axis=1)
    curve = curves.curve_tables(scores, np.isin(table.truth, POSITIVE), table.patients, n_patients=CASES)
    places = [0, 5, 20, 50]
    wanted = curves.band(curve, np.array([GRID[place] for place in places]), drawn(CASES, 200))
    assert [own.low[place] for place in places] == pytest.approx([band.low for band in wanted], abs=1e-6)
    assert [own.high[place] for place in places] == pytest.approx([band.high for band in wanted], abs=1e-6)


def test_the_model_s_probabilities_are_scored_as_scikit_learn_and_loops_do() -> None:
    data = made_up()
    (own,) = calibrations(data, CENTRAL, resamples=100)
    table = cut(data, CENTRAL).table
    given = table.raters[0].probabilities
    positive, chance = np.isin(table.truth, POSITIVE), given[:, POSITIVE].sum(axis=1)
    assert own.scores["brier_score"].value == pytest.approx(metrics.brier_score_loss(positive, chance))
    steps = [
        sum((given[unit, : k + 1].sum() - (truth <= k)) ** 2 for k in range(3)) / 3
        for unit, truth in enumerate(table.truth)
    ]
    assert own.scores["ranked_probability_score"].value == pytest.approx(np.mean(steps))
    gaps = {}
    for chance_of, truth in zip(chance, positive, strict=True):
        gaps.setdefault(min(int(chance_of * 10), 9), []).append(truth - chance_of)
    error = sum(abs(sum(bin_gaps)) for bin_gaps in gaps.values()) / len(chance)
    assert own.scores["expected_calibration_error"].value == pytest.approx(error)
    assert [one.n for one in own.bins] == [len(gaps[place]) for place in sorted(gaps)]
    assert own.scores["ranked_probability_score"].interval.method.startswith("patient bootstrap")
    fit = {name: own.scores[name] for name in ("slope", "in_the_large")}
    assert all(figure.refusal or figure.interval.low < figure.value for figure in fit.values())


def test_sites_that_the_model_did_not_grade_are_counted_by_reason() -> None:
    data = made_up()
    model, *readers = data.table.raters
    central = [place for place, (_, site) in enumerate(data.sites) if site.condition is Condition.CENTRAL]
    refused, unread = central[:4], central[4]
    grades, shares, no = model.grades.copy(), model.probabilities.copy(), model.refused.copy()
    grades[central[:5]], shares[central[:5]], no[refused] = np.nan, np.nan, True
    reasons = dict.fromkeys(refused[:2], NotGradable.METAL) | {refused[2]: NotGradable.NO_SLICE_NEAR}
    truth = data.table.truth.copy()
    truth[central[5]] = np.nan  # no part of the coverage
    changed = replace(
        data,
        fingerprint="covered".ljust(64),
        reasons={model.name: tuple(reasons.get(place) for place in range(len(data.sites)))},
        tables={
            "": replace(
                data.table,
                truth=truth,
                raters=(replace(model, grades=grades, probabilities=shares, refused=no), *readers),
            )
        },
    )
    (own,) = calibrations(changed, CENTRAL, resamples=100)
    assert unread not in reasons
    assert (own.coverage.sites, own.coverage.graded) == (29, 24)
    assert own.coverage.others[0] == (NotGradable.METAL.label, 2)
    assert dict(own.coverage.others) == {
        NotGradable.METAL.label: 2, NotGradable.NO_SLICE_NEAR.label: 1, NOT_GRADABLE: 1, NO_ANSWER: 1,
    }  # fmt: skip
    assert sum(one.n for one in own.bins) == 24


def test_pooled_counts_are_those_of_all_readers_in_one_pot_and_not_the_mean_reader() -> None:
    data = made_up()
    n, own = pooled_readers(data, CENTRAL, resamples=100)
    table = cut(data, CENTRAL).table
    given = np.concatenate([rater.grades for rater in table.raters[1:]])
    truth = np.tile(table.truth, 2)[~np.isnan(given)]
    given = given[~np.isnan(given)]
    sides = np.isin(truth, POSITIVE), np.isin(given, POSITIVE)
    assert n == len(given)
    sensitivity = metrics.recall_score(*sides)
    assert own[Measure.SENSITIVITY].value == pytest.approx(sensitivity)
    assert own[Measure.SPECIFICITY].value == pytest.approx(metrics.recall_score(*sides, pos_label=False))
    assert own[Measure.AUC].value == pytest.approx(metrics.roc_auc_score(*sides))
    assert own[Measure.WEIGHTED_SENSITIVITY].value == pytest.approx(metrics.accuracy_score(truth, given))


def test_where_no_reader_counts_nothing_is_pooled() -> None:
    data = made_up()
    alone = replace(data.table, raters=data.table.raters[:1])
    changed = replace(data, fingerprint="alone".ljust(64), tables={"": alone})
    assert pooled_readers(changed, CENTRAL, resamples=100) == (0, {})


def test_pooled_counts_take_each_reader_s_own_reference_where_he_has_one() -> None:
    data, left_out = three_readers(), replace(CENTRAL, leave_one_out=True)
    _, own = pooled_readers(data, left_out, resamples=100)
    truth, given = [], []
    for reader in cut(data, left_out).table.raters[1:]:
        both = (reader.truth >= 0) & ~np.isnan(reader.grades)
        truth += np.isin(reader.truth[both], POSITIVE).tolist()
        given += np.isin(reader.grades[both], POSITIVE).tolist()
    assert own[Measure.SENSITIVITY].value == pytest.approx(metrics.recall_score(truth, given))


def test_a_calibration_is_of_sites_and_of_a_model_that_gives_probabilities() -> None:
    assert calibrations(made_up(), replace(CENTRAL, unit=Unit.LEVEL)) == ()
    assert calibrations(made_up(model=False), CENTRAL) == ()


def test_probabilities_that_tell_nothing_have_no_slope_and_say_so() -> None:
    data = made_up()
    model, *readers = data.table.raters
    even = replace(model, probabilities=np.full_like(model.probabilities, 0.25))
    changed = replace(
        data, fingerprint="even".ljust(64), tables={"": replace(data.table, raters=(even, *readers))}
    )
    (own,) = calibrations(changed, CENTRAL, resamples=100)
    assert own.scores["slope"].refusal == "all probabilities are alike"
    assert own.scores["slope"].value is None
    assert own.scores["brier_score"].value == pytest.approx(0.25)


def test_a_bin_of_the_reliability_leads_to_its_units() -> None:
    data = made_up()
    rows, (own,) = unit_rows(data, CENTRAL), calibrations(data, CENTRAL, resamples=100)
    for one in own.bins:
        pick = Pick(one=own.model, shares=(one.low, one.high))
        assert Pick.parse(pick.text) == pick
        assert len(picked(rows, pick)) == one.n
    sure = [replace(row, scores={own.model: 1.0}) for row in rows]
    assert len(picked(sure, Pick(one=own.model, shares=(0.9, 1.0)))) == len(rows)
    assert Pick(one="net", shares=(0.9, 1.0)).title == "net, probability of grade 2 or 3 from 0.9 to 1.0"


def test_each_of_two_models_has_bins_that_lead_to_its_own_units() -> None:
    data = made_up()
    first, *readers = data.table.raters
    second = replace(first, name="net 2.0", probabilities=np.roll(first.probabilities, 7, axis=0))
    tables = {"": replace(data.table, raters=(first, second, *readers))}
    data = replace(data, fingerprint="two models".ljust(64), tables=tables)
    rows, both = unit_rows(data, CENTRAL), calibrations(data, CENTRAL, resamples=100)
    assert [own.model for own in both] == ["net 1.0", "net 2.0"]
    for own in both:
        for one in own.bins:
            assert len(picked(rows, Pick(one=own.model, shares=(one.low, one.high)))) == one.n
    cut_off = [picked(rows, Pick(one=own.model, threshold=0.5)) for own in both]
    assert cut_off[0] != cut_off[1]


@pytest.mark.parametrize("weights", Weights)
def test_the_matrix_has_the_kappa_of_each_pair(weights: Weights) -> None:
    data = made_up()
    matrix = agreement_matrix(data, CENTRAL, weights, resamples=100)
    assert matrix.names[:2] == (REFERENCE, "net 1.0")
    assert len(matrix.pairs) == 6  # four raters with the reference
    table = cut(data, CENTRAL).table
    tables = confusion_tables(
        encode(table.truth, SCALE), encode(table.raters[0].grades, SCALE), table.patients, grades=4,
        n_patients=CASES,
    )  # fmt: skip
    wanted = weights.kappa(tables).value()
    assert matrix.pairs[REFERENCE, "net 1.0"].kappa.value == pytest.approx(wanted)
    if weights is Weights.UNWEIGHTED:
        assert wanted == pytest.approx(agreement.cohen_large_sample(tables.total).value)


def test_the_panel_s_coefficients_agree_with_the_panel_of_the_results() -> None:
    data = made_up()
    figures = dict(panel_figures(data, CENTRAL))
    panel = next(own for own in condition_result(data, CENTRAL).panels if own.name == "Readers")
    assert figures["Fleiss' kappa"] == panel.fleiss
    assert figures["Krippendorff's alpha, ordinal"] == panel.alpha


def test_the_comparison_s_figures_are_the_raters_own_where_nothing_is_missing() -> None:
    data = made_up()
    rows = {(row.condition, row.figure): row for row in standalone_tests(data, CENTRAL)}
    assert len(rows) == 12
    row = rows[Condition.CENTRAL, Compared.SENSITIVITY]
    if row.left_out == 0:
        model = condition_result(data, CENTRAL).raters[0]
        assert row.model_value == pytest.approx(model.figures[Measure.SENSITIVITY].value)
    assert row.units + row.left_out == 30
    assert len(row.reader_values) == 2


def test_p_values_are_adjusted_over_the_conditions_by_holm() -> None:
    rows = [row for row in standalone_tests(made_up(), CENTRAL) if row.figure is Compared.AUC]
    for fixed in Fixed:
        tested = [row for row in rows if fixed in row.tests]
        wanted = holm([row.tests[fixed].p_value for row in tested])
        assert [row.p_holm[fixed] for row in tested] == pytest.approx(wanted)
    p = non_inferiority(rows, Fixed.READERS, 0.1)
    wanted = holm([row.tests[Fixed.READERS].noninferiority(0.1).p_value for row in rows])
    assert p == pytest.approx(wanted)


def test_differences_are_the_model_s_figure_less_the_reader_s() -> None:
    data = made_up()
    rows = difference_rows(data, CENTRAL, resamples=100)
    assert {row.measure for row in rows} == set(FOREST)
    assert len({row.other for row in rows}) == 3  # the mean reader and two
    assert all(row.model == "net 1.0" for row in rows)


def test_a_finding_says_figures_difference_and_what_is_shown() -> None:
    found = findings(made_up(), CENTRAL)
    assert [own.condition for own in found] == list(Condition)
    assert found[0].figures.startswith("The model against the mean of 2 readers: sensitivity 0.")
    assert "specificity 0." in found[0].figures
    tests = {row.figure: row.p_holm[Fixed.NONE] for row in standalone_tests(made_up(), CENTRAL)[:2]}
    assert ("No difference" in found[0].sentence) == (min(tests.values()) >= 0.05)


def compared(figure: Compared, difference: float, p: float | None) -> Standalone:
    """A model against two readers in a figure, with a test where it has a p."""
    own = Estimate(value=difference, low=difference - 0.1, high=difference + 0.1, n=50, method="t")
    test = Difference(first="net", second="Readers", estimate=own, standard_error=0.05, df=np.inf)
    return Standalone(
        condition=Condition.CENTRAL,
        figure=figure,
        model="net",
        readers=("Anna", "Boris"),
        model_value=0.8 + difference,
        reader_values=(0.75, 0.85),
        tests={} if p is None else {Fixed.READERS: test},
        p_holm={} if p is None else {Fixed.READERS: p},
    )


@pytest.mark.parametrize(
    ("found", "spared", "said"),
    [
        (
            (-0.2, 0.01),
            (0.1, 0.03),
            "The model misses more of the stenoses than the readers. It raises fewer",
        ),
        ((0.1, 0.01), (-0.1, 0.03), "The model finds more of the stenoses than the readers. It raises more"),
        (
            (0.1, 0.2),
            (-0.1, 0.03),
            "In stenoses found no difference from the readers is shown. It raises more",
        ),
        (
            (0.1, 0.01),
            (-0.1, 0.3),
            "The model finds more of the stenoses than the readers. In false alarms no",
        ),
        ((0.1, 0.2), (-0.1, 0.3), "No difference between the model and the readers is shown."),
        ((0.1, None), (-0.1, None), "The model and the readers are set side by side; there is no test."),
    ],
)
def test_a_finding_says_in_plain_words_what_is_shown(monkeypatch, found, spared, said) -> None:
    rows = (compared(Compared.SENSITIVITY, *found), compared(Compared.SPECIFICITY, *spared))
    monkeypatch.setattr("lss_core.usecases.result_findings.standalone_tests", lambda data, selection: rows)
    (own,) = findings(made_up(), CENTRAL)
    assert own.sentence.startswith(said)
    assert f"sensitivity {0.8 + found[0]:.2f} against 0.80" in own.figures


def test_a_finding_of_nothing_says_why(monkeypatch) -> None:
    rows = tuple(
        Standalone(
            condition=Condition.CENTRAL, figure=own, model="net", refusals={Fixed.NONE: "nobody has read"}
        )
        for own in (Compared.SENSITIVITY, Compared.SPECIFICITY)
    )
    monkeypatch.setattr("lss_core.usecases.result_findings.standalone_tests", lambda data, selection: rows)
    (own,) = findings(made_up(), CENTRAL)
    assert (own.sentence, own.figures) == ("The model and the readers cannot be compared.", "nobody has read")


def test_the_second_arm_s_finding_counts_who_got_worse() -> None:
    compared = compare_arms(made_up(arms=("unaided", "aided")), CENTRAL, Compared.KAPPA)
    said = arms_finding(compared)
    assert said.startswith("Kappa, four grades, unweighted, aided less unaided: ")
    assert f"{len(compared.worse)} of {len(compared.values)} reader" in said
    assert set(compared.worse) == {name for name, (one, other) in compared.values.items() if other < one}
    assert arms_finding(replace(compared, tests={})) == said[said.rindex(". ") + 2 :]


def test_missing_grades_are_bounded_by_all_wrong_and_all_right() -> None:
    data = made_up()
    rows = missing_rows(data, CENTRAL)
    figures = {rater.name: rater for rater in condition_result(data, CENTRAL, resamples=100).raters}
    for row in rows:
        own = figures[row.name]
        assert row.missing == own.missing + own.not_gradable
        for measure in (Measure.SENSITIVITY, Measure.SPECIFICITY, Measure.AUC):
            bounds = row.bounds[measure]
            assert bounds.worst <= own.figures[measure].value <= bounds.best
    assert {row.name for row in rows} == {
        rater.name for rater in figures.values() if not rater.is_mean and rater.missing + rater.not_gradable
    }


def test_a_study_without_a_model_has_nothing_to_compare() -> None:
    data = made_up(model=False)
    assert standalone_tests(data, CENTRAL) == findings(data, CENTRAL) == difference_rows(data, CENTRAL) == ()


def test_small_numbers_have_no_sign_and_small_p_no_digits() -> None:
    from lss_core.domain import Estimate

    own = Estimate(value=-0.001, low=-0.02, high=0.0149, n=3, method="test")
    assert difference_text(own, 2) == "0.00 (\u22120.02 to +0.01)"
    assert (p_text(0.0004), p_text(0.04)) == ("<0.001", "0.040")


def test_disagreements_come_most_telling_first() -> None:
    rows = unit_rows(made_up(), CENTRAL)
    apart = disagreements(rows)
    assert apart
    assert all(row.model != row.reference for row in apart)
    keys = [row.telling for row in apart]
    assert keys == sorted(keys, reverse=True)
    head, records = rows_records(apart)
    assert len(records) == len(apart)
    assert len(head) == len(records[0])


def test_without_a_model_the_readers_disagreements_are_shown() -> None:
    apart = disagreements(unit_rows(made_up(model=False), CENTRAL))
    assert apart
    assert apart[0].with_reference <= apart[-1].with_reference < 1


def test_a_pick_survives_the_way_through_a_plot_and_finds_its_units() -> None:
    data = made_up()
    rows = unit_rows(data, CENTRAL)
    result = condition_result(data, CENTRAL)
    model = result.raters[0]
    cell = Pick(one="net 1.0", grades=(1, 2))
    assert Pick.parse(cell.text) == cell
    assert len(picked(rows, cell)) == model.confusion[2][1]
    wrong = picked(rows, Pick(one="net 1.0", binary=True))
    counts = model.confusion
    misses = sum(counts[t][g] for t in (2, 3) for g in (0, 1))
    assert len([row for row in wrong if row.side == "miss"]) == misses
    everything = picked(rows, Pick(one="net 1.0", threshold=0.0))
    assert len(everything) == sum(sum(counts[t]) for t in (0, 1))
    assert len(picked(rows, Pick(one="net 1.0", case_id="C-0"))) == 5
    assert not picked(rows, Pick(one="net 1.0", other="net 1.0"))


@pytest.mark.parametrize("text", ["", "null", "[1]", "{}", '{"grades": null, "wrong": 1}'])
def test_what_is_no_pick_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        Pick.parse(text)


def test_two_arms_give_each_reader_s_slope_and_the_overrides_add_up() -> None:
    data = made_up(arms=True)
    assert set(data.arms) == {"unaided", "aided"}
    compared = compare_arms(data, CENTRAL, Compared.SENSITIVITY)
    assert compared.arms == ("unaided", "aided")
    assert len(compared.values) == 2
    first = next(analysis for analysis in compared.tests.values())
    slopes = [other - one for one, other in compared.values.values()]
    assert first.differences[0].estimate.value == pytest.approx(np.mean(slopes))
    found = overrides(data, CENTRAL)
    total = sum(found.counts.get((before, after), 0) for before in BEFORE for after in AFTER)
    assert 0 < total <= 60
    assert all(found.right[key] <= found.counts[key] for key in found.counts)


def test_one_arm_is_refused_with_its_name() -> None:
    with pytest.raises(StatisticsError, match="in one arm only"):
        compare_arms(made_up(), CENTRAL, Compared.AUC)


def test_reading_times_are_of_submitted_reads_of_people_who_were_not_interrupted() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def read(case: int, minutes: float | None, *, simulated: bool = False) -> ReadTime:
        return ReadTime(
            case_id=f"C-{case}", reader="Anna", simulated=simulated, arm="unaided", opened_at=at,
            submitted_at=None if minutes is None else at + timedelta(minutes=minutes),
        )  # fmt: skip

    found = [read(0, 4), read(1, 90), read(2, 2), read(3, None), read(4, 0, simulated=True)]
    times = timed(found, unit_rows(made_up(), CENTRAL))
    assert [(s.case_id, s.order, s.minutes) for s in times.sittings] == [("C-0", 1, 4), ("C-2", 3, 2)]
    assert (times.simulated, times.open, times.interrupted) == (1, 1, 1)
    assert times.by_reader() == [("Anna", "unaided", 2, (2.5, 3.0, 3.5))]


def test_a_subgroup_of_cases_is_a_sample_of_its_own() -> None:
    data = replace(made_up(), attributes={"Scanner": {f"C-{n}": "AB"[n % 2] for n in range(CASES - 1)}})
    own = cut(data, replace(CENTRAL, attribute=("Scanner", "A")))
    assert {name.case_id for name in own.names} == {"C-0", "C-2", "C-4"}
    assert (own.table.n_patients, sorted(set(own.table.patients))) == (3, [0, 1, 2])
    assert own.table.truth.tolist() == cut(data, CENTRAL).table.truth.reshape(CASES, 5)[::2].ravel().tolist()
    assert replace(CENTRAL, attribute=("Scanner", "A")).subgroup == "Scanner A"
    with pytest.raises(StatisticsError, match="no such site"):
        cut(data, replace(CENTRAL, attribute=("Scanner", "C")))


def test_attributes_that_tell_cases_apart_make_subgroups() -> None:
    of_cases = {
        f"C-{n}": {
            "Manufacturer": ["GE", "SIEMENS"][n % 2],
            "MagneticFieldStrength": "1.5" if n < 3 else "3.0",
            "StudyDate": str(n),
            "PatientPosition": "HFS",
        }
        for n in range(6)
    }
    found = subgroup_attributes(of_cases)
    assert list(found) == ["Scanner", "MagneticFieldStrength", "Manufacturer"]
    assert found["Scanner"]["C-1"] == "SIEMENS 1.5 T"


def test_a_session_has_its_own_answers() -> None:
    data = made_up()
    other = replace(data, fingerprint="two sessions", sessions={2: made_up(arms=True).tables["aided"]})
    own = cut(other, replace(CENTRAL, session=2)).table
    assert own.raters[1].grades.tolist() != cut(data, CENTRAL).table.raters[1].grades.tolist()
    with pytest.raises(StatisticsError, match="nobody has read in this session"):
        cut(other, replace(CENTRAL, session=1))


def three_readers():
    """Anna, Boris and a third who grades as the reference does; all three made it."""
    data = made_up()
    model, one, two = data.table.raters
    third = replace(one, name="Vera", grades=data.table.truth.copy(), refused=np.zeros(len(data.sites), bool))
    table = replace(data.table, raters=(model, one, two, third))
    names = tuple(rater.name for rater in (one, two, third))
    return replace(data, fingerprint="three".ljust(64), tables={"": table}, panel=names)


def test_each_reader_is_compared_with_the_majority_of_the_others() -> None:
    data = three_readers()
    left_out = replace(CENTRAL, leave_one_out=True)
    own = cut(data, left_out).table
    model, one, two, third = own.raters
    assert model.truth is None
    agree = one.grades == two.grades
    assert third.truth[agree].tolist() == one.grades[agree].astype(int).tolist()
    assert (third.truth[~agree] == -1).all()
    result = condition_result(data, left_out, resamples=100)
    vera = next(rater for rater in result.raters if rater.name == "Vera")
    assert vera.n == int(agree.sum())
    expected = np.mean(third.grades[agree] == one.grades[agree])
    assert sum(vera.confusion[g][g] for g in range(4)) / vera.n == pytest.approx(expected)
    wrong = picked(unit_rows(data, left_out), Pick(one="Vera"))
    assert len(wrong) == round((1 - expected) * vera.n)
    matrix = agreement_matrix(data, left_out, Weights.UNWEIGHTED, resamples=100)
    assert matrix.pairs[REFERENCE, "Vera"].n == vera.n


def test_left_out_readers_have_no_common_reference_and_so_no_common_test() -> None:
    rows = standalone_tests(three_readers(), replace(CENTRAL, leave_one_out=True))
    assert {text for row in rows for text in row.refusals.values()} == {OWN_REFERENCES}
    assert "cannot be compared" in findings(three_readers(), replace(CENTRAL, leave_one_out=True))[0].sentence
    with pytest.raises(StatisticsError, match="fewer than two readers of the panel"):
        cut(
            replace(three_readers(), panel=("Anna",), fingerprint="one"), replace(CENTRAL, leave_one_out=True)
        )


def two_arms_of_three():
    """The three readers in two arms; the panel votes by their newest answers."""
    data = three_readers()
    model, *readers = data.table.raters
    flipped = tuple(
        replace(own, grades=np.where(np.arange(len(own.grades)) % 7 == place, 3 - own.grades, own.grades))
        for place, own in enumerate(readers)
    )
    arms = {"unaided": replace(data.table, raters=(model, *flipped)), "aided": data.table}
    return replace(data, fingerprint="three in two".ljust(64), tables={"": data.table, **arms})


@pytest.mark.parametrize("figure", Compared)
def test_two_arms_of_readers_with_references_of_their_own_are_refused_with_a_way_out(figure) -> None:
    left_out = replace(CENTRAL, leave_one_out=True)
    assert compare_arms(two_arms_of_three(), CENTRAL, figure).tests
    with pytest.raises(StatisticsError, match="each reader has a reference of his own") as refused:
        compare_arms(two_arms_of_three(), left_out, figure)
    assert refused.value.remedy == "Compare with one reference; Overview has each reader's difference"


def test_what_needs_no_common_reference_is_there_for_readers_with_their_own() -> None:
    data, left_out = two_arms_of_three(), replace(CENTRAL, leave_one_out=True)
    found = overrides(data, left_out)
    right = 0
    first, second = (cut(data, replace(left_out, arm=arm)).table for arm in ("unaided", "aided"))
    for one, other in zip(first.raters[1:], second.raters[1:], strict=True):
        graded = ~np.isnan(one.grades + other.grades + first.raters[0].grades) & (one.truth >= 0)
        right += int((other.grades[graded] == one.truth[graded]).sum())
    assert sum(found.right.values()) == right
    differences = difference_rows(data, left_out, resamples=100)
    assert {row.other for row in differences} >= {"Vera"}


def test_readers_outside_of_the_panel_keep_the_common_reference_and_their_tests() -> None:
    data = two_arms_of_three()
    model, one, two, vera = data.table.raters
    voters = tuple(replace(own, name=f"Voter {name}") for own, name in ((one, "A"), (two, "B"), (vera, "C")))
    voted = replace(data.table, raters=(model, *voters))  # the panel voted and reads in neither arm
    outside = replace(data, fingerprint="outside".ljust(64), panel=tuple(own.name for own in voters))
    outside = replace(outside, tables={**outside.tables, "": voted})
    for figure in Compared:
        own = compare_arms(outside, replace(CENTRAL, leave_one_out=True), figure)
        assert own.values == compare_arms(outside, CENTRAL, figure).values
    rows = standalone_tests(outside, replace(CENTRAL, leave_one_out=True, arm="aided"))
    assert [row.tests for row in rows] == [
        row.tests for row in standalone_tests(outside, replace(CENTRAL, arm="aided"))
    ]
    assert all(row.tests for row in rows)


@pytest.mark.parametrize("unit", [Unit.LEVEL, Unit.PATIENT])
def test_the_worst_site_of_the_others_is_the_worst_of_their_majority(unit: Unit) -> None:
    left_out = replace(FORAMINAL, leave_one_out=True)
    sites = cut(three_readers(), left_out)
    own = cut(three_readers(), replace(left_out, unit=unit))
    members = own.members[sites.members >= 0]
    for place in range(len(own.names)):
        assert own.table.raters[3].truth[place] == sites.table.raters[3].truth[members == place].max()


def test_a_reader_who_read_cases_again_is_compared_with_himself() -> None:
    data = made_up()
    model, one, two = data.table.raters
    blank = np.full(len(data.sites), np.nan)
    again = one.grades.copy()
    again[::3] = 3 - again[::3]
    repeats = replace(
        data.table,
        raters=(replace(model, grades=blank), replace(one, grades=again), replace(two, grades=blank)),
    )
    assert intra_reader(data, CENTRAL) == ()
    (own,) = intra_reader(
        replace(data, repeats=repeats, fingerprint="again".ljust(64)), CENTRAL, resamples=100
    )
    mask = np.array([site.condition is Condition.CENTRAL for _, site in data.sites]) & ~np.isnan(one.grades)
    assert (own.name, own.n) == (one.name, int(mask.sum()))
    assert own.exact == pytest.approx(np.mean(one.grades[mask] == again[mask]))
    expected = metrics.cohen_kappa_score(one.grades[mask], again[mask], labels=range(4), weights="quadratic")
    assert own.kappas[Weights.QUADRATIC].value == pytest.approx(expected)
