from __future__ import annotations

import csv
import json
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from sklearn import metrics
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.proportion import proportion_confint

from lss_core.errors import StatisticsError
from lss_core.stats.estimates import Ci
from lss_core.stats.multiplicity import holm
from lss_core.usecases.adjusting import Adjustment
from lss_core.usecases.analyse_csv import Request, analyse_csv
from lss_core.usecases.csv_tables import Unit

CASES, LEVELS = 24, ("L3_L4", "L4_L5", "L5_S1")
READERS = ("Ann", "Ben", "Cleo")


def grades() -> dict[str, np.ndarray]:
    """Truth, a model with probabilities and three readers of 72 sites, three a case."""
    rng = np.random.default_rng(8)
    truth = rng.integers(0, 4, CASES * 3)
    near = {name: np.clip(truth + rng.integers(-1, 2, len(truth)), 0, 3) for name in READERS}
    probabilities = rng.dirichlet(np.ones(4), len(truth)) * 0.6 + np.eye(4)[truth] * 0.4
    return {"truth": truth, "net": probabilities.argmax(axis=1), "p": probabilities, **near}


GRADES = grades()


def rows(raters=("truth", "net", *READERS)) -> list[dict[str, object]]:
    found = []
    for unit in range(CASES * 3):
        level = LEVELS[unit % 3]
        for rater in raters:
            p = GRADES["p"][unit] if rater == "net" else [""] * 4
            found.append(
                {
                    "case": f"C{unit // 3}",
                    "site": f"central:{level}",
                    "level": level,
                    "rater": rater,
                    "grade": GRADES[rater][unit],
                    "scanner": "AB"[unit // 3 % 2],
                    **{f"p{grade}": p[grade] for grade in range(4)},
                }
            )
    return found


def write(path: Path, table, columns=None) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or list(table[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)
    return path


def analysed(tmp_path: Path, table=None, **options):
    path = write(tmp_path / "ratings.csv", rows() if table is None else table)
    request = {"reference": "truth", "resamples": 200, **options}
    return analyse_csv(Request(path=path, **request))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return analysed(tmp_path_factory.mktemp("ratings"))


def rater_of(group, name: str):
    return next(rater for rater in group["raters"] if rater["name"] == name)


def value(figure) -> float:
    return figure["value"]


def test_the_model_is_known_by_its_probabilities_and_the_reference_by_its_name(whole) -> None:
    (group,) = whole["groups"]
    assert [(rater["name"], rater["kind"]) for rater in group["raters"]] == [
        ("net", "model"),
        ("Mean reader", "mean"),
        *((name, "reader") for name in READERS),
    ]
    assert whole["analysis"]["raters"]["truth"] == "reference"
    assert (group["cases"], group["units"]) == (CASES, CASES * 3)


def test_each_estimate_is_that_of_scikit_learn(whole) -> None:
    truth, given = GRADES["truth"], GRADES["Ann"]
    positive, called = truth >= 2, given >= 2
    plus, minus = metrics.class_likelihood_ratios(positive, called)
    expected = {
        "sensitivity": metrics.recall_score(positive, called),
        "specificity": metrics.recall_score(~positive, ~called),
        "auc": metrics.balanced_accuracy_score(positive, called),
        "ppv": metrics.precision_score(positive, called),
        "npv": metrics.precision_score(~positive, ~called),
        "accuracy": metrics.accuracy_score(positive, called),
        "positive_likelihood_ratio": plus,
        "negative_likelihood_ratio": minus,
        "macro_sensitivity": metrics.recall_score(truth, given, average="macro"),
        "exact_agreement": metrics.accuracy_score(truth, given),
        "mean_absolute_error": metrics.mean_absolute_error(truth, given),
        "kappa_graded": metrics.cohen_kappa_score(truth, given),
        "kappa_linear": metrics.cohen_kappa_score(truth, given, weights="linear"),
        "kappa_quadratic": metrics.cohen_kappa_score(truth, given, weights="quadratic"),
    }
    found = rater_of(whole["groups"][0], "Ann")["estimates"]
    assert {name: value(found[name]) for name in expected} == pytest.approx(expected)
    for name, figure in found.items():
        assert figure["low"] <= figure["value"] <= figure["high"], name
        assert figure["method"] in ("patient bootstrap, BCa", "Wilson over patients")


def test_a_models_curve_and_calibration_are_those_of_scikit_learn(whole) -> None:
    model = rater_of(whole["groups"][0], "net")
    score, positive = GRADES["p"][:, 2:].sum(axis=1), GRADES["truth"] >= 2
    assert value(model["estimates"]["auc"]) == pytest.approx(metrics.roc_auc_score(positive, score))
    assert value(model["curve"]["partial_auc_fpr_0_0.2"]) == pytest.approx(
        metrics.roc_auc_score(positive, score, max_fpr=0.2)
    )
    assert value(model["calibration"]["brier_score"]) == pytest.approx(
        metrics.brier_score_loss(positive, score)
    )
    assert sum(one["n"] for one in model["calibration"]["reliability"]) == CASES * 3
    assert model["auc_is"].startswith("area under")
    assert value(model["by_grade"]["3"]["auc"]) == pytest.approx(
        metrics.roc_auc_score(GRADES["truth"] == 3, GRADES["p"][:, 3])
    )


def test_the_mean_reader_is_not_the_pooled_one(whole) -> None:
    (group,) = whole["groups"]
    own = [value(rater_of(group, name)["estimates"]["ppv"]) for name in READERS]
    assert value(rater_of(group, "Mean reader")["estimates"]["ppv"]) == pytest.approx(np.mean(own))
    calls = np.concatenate([GRADES[name] >= 2 for name in READERS])
    positive = np.tile(GRADES["truth"] >= 2, 3)
    assert value(group["pooled_readers"]["sensitivity"]) == pytest.approx(
        metrics.recall_score(positive, calls)
    )


def test_the_panel_is_that_of_independent_packages(whole) -> None:
    panel = whole["groups"][0]["panel"]
    codes = np.stack([GRADES[name] for name in READERS], axis=1)
    votes = np.stack([(codes == grade).sum(axis=1) for grade in range(4)], axis=1)
    assert panel["raters"] == list(READERS)
    assert value(panel["fleiss_kappa"]) == pytest.approx(fleiss_kappa(votes))
    for metric in ("nominal", "ordinal", "interval", "ratio"):
        expected = krippendorff.alpha(codes.T.astype(float), level_of_measurement=metric)
        assert value(panel[f"krippendorff_alpha_{metric}"]) == pytest.approx(expected)


def test_every_pair_of_raters_has_its_kappas(whole) -> None:
    pairs = whole["groups"][0]["pairs"]
    assert len(pairs) == 6
    one = next(pair for pair in pairs if pair["raters"] == ["Ann", "Ben"])
    assert value(one["kappa_quadratic"]) == pytest.approx(
        metrics.cohen_kappa_score(GRADES["Ann"], GRADES["Ben"], weights="quadratic")
    )
    agree = np.mean((GRADES["Ann"] >= 2) == (GRADES["Ben"] >= 2))
    assert value(one["pabak_binary"]) == pytest.approx(2 * agree - 1)


def test_the_model_is_compared_with_the_mean_reader_and_each_reader(whole) -> None:
    compared = whole["groups"][0]["comparisons"]
    assert [row["other"] for row in compared[::6]] == ["Mean reader", *READERS]
    first = compared[0]
    group = whole["groups"][0]
    gap = [value(rater_of(group, name)["estimates"]["sensitivity"]) for name in ("net", "Mean reader")]
    assert first["difference"]["value"] == pytest.approx(gap[0] - gap[1])
    assert first["p_holm"] == first["p"]
    assert "hard label" in compared[2]["refusal"]


def test_holm_adjusts_over_the_groups(tmp_path) -> None:
    found = analysed(tmp_path, by=("level",))
    rows_of = [group["comparisons"][0] for group in found["groups"]]
    assert [group["by"] for group in found["groups"]] == [{"level": level} for level in LEVELS]
    least = min(rows_of, key=lambda row: row["p"])
    assert least["p_holm"] == pytest.approx(min(1, 3 * least["p"]))


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("fixed-sequence", lambda p: [max(p[1], p[0]), p[1], max(p)]),
        ("serial-gatekeeping", lambda p: [max(p[1], own) for own in holm([p[0], p[2]])]),
        ("parallel-gatekeeping", lambda p: [max(p[1], own) for own in holm([p[0], p[2]])]),
        ("bonferroni", lambda p: [min(1, 3 * own) for own in p]),
    ],
)
def test_groups_that_come_first_are_gates_to_the_others(tmp_path, how, expected) -> None:
    found = analysed(tmp_path, by=("level",), adjustment=Adjustment(how), primary=(LEVELS[1],))
    own = [group["comparisons"][0] for group in found["groups"]]
    p, adjusted = [row["p"] for row in own], [row["p_adjusted"] for row in own]
    wanted = expected(p)
    assert adjusted == pytest.approx(wanted if len(wanted) == 3 else [wanted[0], p[1], wanted[1]])
    assert found["analysis"]["multiplicity"].startswith(how)


def test_gatekeeping_needs_to_know_what_comes_first(tmp_path) -> None:
    with pytest.raises(StatisticsError, match="told which groups come first"):
        analysed(tmp_path, by=("level",), adjustment=Adjustment.SERIAL)
    with pytest.raises(StatisticsError, match="no group has the value 'T12_L1'"):
        analysed(tmp_path, by=("level",), adjustment=Adjustment.SERIAL, primary=("T12_L1",))


def test_without_others_the_gates_are_adjusted_by_holm(tmp_path) -> None:
    found = analysed(tmp_path, by=("level",), adjustment=Adjustment.PARALLEL, primary=LEVELS)
    for group in found["groups"]:
        assert group["comparisons"][0]["p_adjusted"] == group["comparisons"][0]["p_holm"]


def test_a_margin_brings_non_inferiority_and_equivalence(tmp_path) -> None:
    row = analysed(tmp_path, margin=0.1)["groups"][0]["comparisons"][0]
    assert row["non_inferiority"]["margin"] == 0.1
    z = (row["difference"]["value"] + 0.1) / row["standard_error"]
    from scipy.stats import norm

    assert row["non_inferiority"]["p"] == pytest.approx(norm.sf(z))
    assert row["equivalence"]["p"] >= row["non_inferiority"]["p"]


@pytest.mark.parametrize(
    ("ci", "method"),
    [
        (Ci.WILSON, "wilson"),
        (Ci.CLOPPER_PEARSON, "beta"),
        (Ci.JEFFREYS, "jeffreys"),
    ],
)
def test_intervals_of_counts_are_those_of_statsmodels(tmp_path, ci, method) -> None:
    found = analysed(tmp_path, interval=ci)["groups"][0]
    figure = rater_of(found, "Ann")["estimates"]["sensitivity"]
    positive = GRADES["truth"] >= 2
    hits = int(np.sum(positive & (GRADES["Ann"] >= 2)))
    low, high = proportion_confint(hits, positive.sum(), method=method)
    assert (figure["low"], figure["high"]) == pytest.approx((low, high))
    row = next(row for row in found["comparisons"] if row["other"] == "Ann")
    assert (row["test"], row["difference"]["method"]) == ("McNemar, exact", "Newcombe 1998, paired")


@pytest.mark.parametrize(
    ("ci", "rate", "kappa", "auc"),
    [
        (Ci.LOGIT, "logit", "patient bootstrap, BCa", "patient bootstrap, BCa"),
        (Ci.ROBUST, "Rao-Scott Wilson", "patient jackknife, Wald", "Obuchowski 1997"),
        (Ci.BOOTSTRAP, *["patient bootstrap, percentile"] * 3),
    ],
)
def test_each_kind_of_figure_names_its_interval(tmp_path, ci, rate, kappa, auc) -> None:
    group = analysed(tmp_path, interval=ci)["groups"][0]
    found = rater_of(group, "net")["estimates"]
    names = [found[name]["method"] for name in ("specificity", "kappa_graded", "auc")]
    assert names == [rate, kappa, auc]


def test_a_curve_is_not_tested_against_hard_labels_but_grades_against_grades(whole) -> None:
    group = whole["groups"][0]
    rows_of = {row["statistic"]: row for row in group["comparisons"] if row["other"] == "Ann"}
    assert "auc_of_grades sets grades against grades" in rows_of["auc"]["refusal"]
    grades = [GRADES[name] for name in ("net", "Ann")]
    areas = [metrics.roc_auc_score(GRADES["truth"] >= 2, own) for own in grades]
    assert rows_of["auc_of_grades"]["difference"]["value"] == pytest.approx(areas[0] - areas[1])
    for name, area in zip(("net", "Ann"), areas, strict=True):
        assert value(rater_of(group, name)["estimates"]["auc_of_grades"]) == pytest.approx(area)


def test_two_models_with_curves_are_tested_by_their_curves(tmp_path) -> None:
    table = rows(("truth", "net", "Ann"))
    again = [{**row, "rater": "old"} for row in table if row["rater"] == "net"]
    for row, shift in zip(again, np.random.default_rng(1).normal(size=len(again)), strict=True):
        row |= {f"p{grade}": "" for grade in range(4)}
        row["score"] = GRADES["truth"][LEVELS.index(row["level"]) + 3 * int(row["case"][1:])] + shift
    columns = [*table[0], "score"]
    path = write(tmp_path / "ratings.csv", [{"score": "", **row} for row in table] + again, columns)
    found = analyse_csv(
        Request(path=path, reference="truth", models=("old",), interval=Ci.ROBUST, resamples=100)
    )["groups"][0]
    row = next(row for row in found["comparisons"] if row["other"] == "old" and row["statistic"] == "auc")
    assert row["test"] == "Obuchowski 1997"
    assert "calibration" not in rater_of(found, "old")


def test_the_worst_site_stands_for_the_patient(tmp_path) -> None:
    found = analysed(tmp_path, unit=Unit.PATIENT)["groups"][0]
    truth, given = (GRADES[name].reshape(CASES, 3).max(axis=1) for name in ("truth", "Ann"))
    assert found["units"] == CASES
    assert value(rater_of(found, "Ann")["estimates"]["exact_agreement"]) == pytest.approx(
        metrics.accuracy_score(truth, given)
    )
    score = GRADES["p"][:, 2:].sum(axis=1).reshape(CASES, 3).max(axis=1)
    assert value(rater_of(found, "net")["estimates"]["auc"]) == pytest.approx(
        metrics.roc_auc_score(truth >= 2, score)
    )


def test_the_level_is_a_unit_of_its_own_and_comes_from_its_column_or_the_site(tmp_path) -> None:
    table = rows()
    assert analysed(tmp_path, table, unit=Unit.LEVEL)["groups"][0]["units"] == CASES * 3
    bare = [{key: own for key, own in row.items() if key != "level"} for row in table]
    assert analysed(tmp_path, bare, unit=Unit.LEVEL)["groups"][0]["units"] == CASES * 3
    for row in bare:
        row["site"] = f"place {row['site']}"
    with pytest.raises(StatisticsError, match=r"ratings\.csv, row 3: the level of site"):
        analysed(tmp_path, bare, unit=Unit.LEVEL)


def test_a_worst_grade_that_leaves_out_a_site_is_counted(tmp_path) -> None:
    table = rows()
    own = next(row for row in table if row["rater"] == "Ben")
    own["grade"] = ""
    found = analysed(tmp_path, table, unit=Unit.PATIENT)["groups"][0]
    assert rater_of(found, "Ben")["partly_graded"] == 1
    assert found["reference"]["partly_graded"] == 0


def own_rows(table, name):
    return [row for row in table if row["rater"] == name]


def test_missing_and_not_gradable_are_counted_with_their_bounds(tmp_path) -> None:
    table = rows()
    own = [row for row in table if row["rater"] == "Ben"]
    truth = [row for row in table if row["rater"] == "truth"]
    own[0]["grade"], own[1]["grade"], own[2]["grade"] = "", "NG", "not gradable"
    truth[3]["grade"] = "NG"
    truth[4]["grade"] = ""
    found = analysed(tmp_path, table)["groups"][0]
    ben = rater_of(found, "Ben")
    assert (ben["n"], ben["missing"], ben["not_gradable"]) == (CASES * 3 - 5, 1, 2)
    assert (found["reference"]["not_gradable"], found["reference"]["none"]) == (1, 1)
    lost = ben["bounds"]["sensitivity"]["missing"] + ben["bounds"]["specificity"]["missing"]
    assert lost == 3
    for name, own in ben["bounds"].items():
        ends = sorted((own["worst"], own["best"]), reverse=name == "mean_absolute_error")
        assert [own["worst"], own["best"]] == ends, name
    given = {row["case"] + row["level"]: row["grade"] for row in own_rows(table, "Ben")}
    known = [(row["grade"], given[row["case"] + row["level"]]) for row in own_rows(table, "truth")]
    known = [(int(one), other) for one, other in known if one not in ("", "NG")]
    right = [int(other) == one if str(other).isdigit() else True for one, other in known]
    assert ben["bounds"]["exact_agreement"]["best"] == pytest.approx(np.mean(right))
    assert ben["bounds"]["exact_agreement"]["missing"] == 3


def test_the_majority_is_more_than_half_of_the_readers(tmp_path) -> None:
    found = analysed(tmp_path, rows(("net", *READERS)), reference="majority")["groups"][0]
    codes = np.stack([GRADES[name] for name in READERS], axis=1)
    votes = np.stack([(codes == grade).sum(axis=1) for grade in range(4)], axis=1)
    known = votes.max(axis=1) >= 2
    assert found["units"] == known.sum()
    assert found["reference"]["none"] == (~known).sum()
    agree = metrics.accuracy_score(votes.argmax(axis=1)[known], GRADES["net"][known])
    assert value(rater_of(found, "net")["estimates"]["exact_agreement"]) == pytest.approx(agree)


def test_who_is_excluded_does_not_vote(tmp_path) -> None:
    found = analysed(tmp_path, reference="majority", exclude=("truth",))
    expected = analysed(tmp_path, rows(("net", *READERS)), reference="majority")
    assert found["groups"] == expected["groups"]
    assert found["analysis"]["excluded"] == ("truth",)
    with pytest.raises(StatisticsError, match="there is no rater 'Zoe'"):
        analysed(tmp_path, exclude=("Zoe",))


def test_each_reader_is_held_against_the_majority_of_the_others(tmp_path) -> None:
    found = analysed(tmp_path, rows(("net", *READERS)), reference="leave-one-out")["groups"][0]
    others = GRADES["Ben"] == GRADES["Cleo"]
    ann = rater_of(found, "Ann")
    assert ann["n"] == others.sum()
    assert value(ann["estimates"]["exact_agreement"]) == pytest.approx(
        np.mean(GRADES["Ann"][others] == GRADES["Ben"][others])
    )
    assert sum(map(sum, ann["confusion"])) == others.sum()


@pytest.mark.parametrize(("raters", "reference"), [(("net",), "majority"), (("Ann", "Ben"), "leave-one-out")])
def test_too_few_readers_make_no_reference(tmp_path, raters, reference) -> None:
    with pytest.raises(StatisticsError, match="are too few for the reference"):
        analysed(tmp_path, rows(raters), reference=reference)


def test_a_second_session_is_the_readers_agreement_with_himself(tmp_path) -> None:
    table = [{**row, "session": "1"} for row in rows()]
    again = [{**row, "session": "10"} for row in table if row["rater"] == "Ann"]
    for row in again:
        row["grade"] = max(0, int(row["grade"]) - 1)
    shuffled = [*again, *table]
    found = analysed(tmp_path, shuffled)["groups"][0]
    (own,) = found["intra_reader"]
    lower = np.maximum(GRADES["Ann"] - 1, 0)
    assert own["rater"] == "Ann"
    assert value(own["kappa_graded"]) == pytest.approx(metrics.cohen_kappa_score(GRADES["Ann"], lower))
    assert value(rater_of(found, "Ann")["estimates"]["exact_agreement"]) == pytest.approx(
        np.mean(GRADES["Ann"] == GRADES["truth"])
    )
    named = [{**row, "session": {"1": "first", "10": "second"}[row["session"]]} for row in shuffled]
    second = analysed(tmp_path, named, unit=Unit.PATIENT)["groups"][0]
    assert second["intra_reader"][0]["rater"] == "Ann"
    apart = analysed(tmp_path, shuffled, by=("session",))["groups"]
    assert [group["by"]["session"] for group in apart] == ["10", "1"]
    assert apart[0]["raters"][-1]["name"] == "Ann"


def test_clusters_may_be_of_another_column(tmp_path) -> None:
    table = rows()
    for row in table:
        row["patient"] = int(row["case"][1:]) // 2
    apart = analysed(tmp_path, table)["groups"][0]
    together = analysed(tmp_path, table, cluster="patient")["groups"][0]
    assert (apart["cases"], together["cases"]) == (24, 12)
    table[0]["patient"] = 99
    with pytest.raises(StatisticsError, match="in two values of 'patient'"):
        analysed(tmp_path, table, cluster="patient")


def test_the_same_seed_gives_the_same_numbers_and_they_are_json(tmp_path) -> None:
    one, other = (analysed(tmp_path) for _ in range(2))
    assert json.dumps(one, allow_nan=False) == json.dumps(other, allow_nan=False)
    assert one["analysis"]["seed"] == 1
    assert len(one["analysis"]["sha256"]) == 64


def test_one_reader_alone_has_no_panel_and_no_comparison(tmp_path) -> None:
    found = analysed(tmp_path, rows(("truth", "Ann")))["groups"][0]
    assert (found["panel"], found["comparisons"]) == (None, [])
    alone = analysed(tmp_path, rows(("truth", "net")))["groups"][0]
    assert (alone["pooled_readers"], alone["comparisons"]) == (None, [])


def test_a_scale_of_two_is_analysed_too(tmp_path) -> None:
    table = [{**row, "grade": int(int(row["grade"]) >= 2)} for row in rows(("truth", "Ann", "Ben"))]
    for row in table:
        for grade in range(4):
            del row[f"p{grade}"]
    found = analysed(tmp_path, table, scale=(0.0, 1.0), positive=(1.0,))["groups"][0]
    assert value(rater_of(found, "Ann")["estimates"]["kappa_graded"]) == pytest.approx(
        metrics.cohen_kappa_score(GRADES["truth"] >= 2, GRADES["Ann"] >= 2)
    )


def test_negative_grades_have_no_ratio_alpha(tmp_path) -> None:
    table = [{**row, "grade": int(row["grade"]) - 1} for row in rows(("truth", "Ann", "Ben"))]
    found = analysed(tmp_path, table, scale=(-1.0, 0.0, 1.0, 2.0), positive=(1.0, 2.0))["groups"][0]
    assert "no values below 0" in found["panel"]["krippendorff_alpha_ratio"]["refusal"]


def test_what_is_undefined_carries_its_reason(tmp_path) -> None:
    table = rows()
    for row in table:
        row["grade"] = min(1, int(row["grade"])) if row["rater"] == "truth" else row["grade"]
    found = analysed(tmp_path, table)["groups"][0]
    model = rater_of(found, "net")
    assert model["estimates"]["sensitivity"] == {
        "value": None,
        "refusal": "no unit is positive in the reference",
    }
    assert model["bounds"]["sensitivity"]["refusal"] == "no unit is positive in the reference"
    assert model["curve"]["binormal"]["refusal"] == "no unit is positive in the reference"
    assert "all negative" in model["calibration"]["slope"]["refusal"]
    for row in found["comparisons"]:
        if row["statistic"] == "sensitivity":
            assert "refusal" in row


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grade": "7"}, r"ratings\.csv, row 5: the grade 7 is not on the scale 0, 1, 2, 3\. Correct it"),
        ({"grade": "two"}, r"row 5: the grade 'two' is not a number"),
        ({"p0": "0.9"}, r"row 5: its probabilities are not shares that add up to 1"),
        ({"case": ""}, r"row 5: the case is empty"),
        ({"rater": " "}, r"row 5: the rater is empty"),
        ({"rater": "truth"}, r"row 5: 'truth' rates site .* again, as in row 2"),
        ({"kind": "robot"}, r"row 5: kind 'robot' does not exist\. Use one of reader"),
        ({"score": "inf"}, r"row 5: the score 'inf' is not a number"),
    ],
)
def test_a_bad_row_is_refused_with_its_place(tmp_path, change, message) -> None:
    table = [{"kind": "", "score": "", **row} for row in rows()]
    table[3] |= change
    with pytest.raises(StatisticsError, match=message):
        analysed(tmp_path, table)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case,rater\nA,B\n", r"row 1: the header has no column grade, site"),
        ("case,site,rater,grade,grade\nA,s,B,1,1\n", r"the column 'grade' is there twice"),
        ("case,site,rater,grade,p0,p1\nA,s,B,1,1,0\n", r"p0, p1 do not fit a scale of 4 grades"),
        ("case,site,rater,grade\n", r"it has no ratings"),
        ("", r"the header has no column case, rater, grade, site"),
        ("case,site,rater,grade\nA,s,B\n", r"row 2: it has 3 cells, the header 4"),
        ("case,site,rater,grade\nA,s,truth,1\n\nB,s,truth,2\n", r"no rater but the reference"),
    ],
)
def test_a_file_that_is_no_table_of_ratings_is_refused(tmp_path, text, message) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StatisticsError, match=message):
        analyse_csv(Request(path=path, reference="truth"))


def test_a_file_that_cannot_be_read_is_refused(tmp_path) -> None:
    with pytest.raises(StatisticsError, match="cannot be read"):
        analyse_csv(Request(path=tmp_path / "none.csv", reference="truth"))
    (tmp_path / "latin.csv").write_bytes("Jörg".encode("latin-1"))
    with pytest.raises(StatisticsError, match="not UTF-8"):
        analyse_csv(Request(path=tmp_path / "latin.csv", reference="truth"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "Zoe"}, r"there is no rater 'Zoe'\. Name one of truth, net"),
        ({"models": ("Zoe",)}, "there is no rater 'Zoe'"),
        ({"by": ("arm",)}, "there is no column 'arm'"),
        ({"cluster": "patient"}, "there is no column 'patient'"),
        ({"positive": (5.0,)}, "the positive grades must be some"),
        ({"positive": (0.0, 1.0, 2.0, 3.0)}, "some, not all"),
        ({"scale": (3.0, 2.0, 1.0, 0.0)}, "it must ascend"),
        ({"margin": -0.1}, "above 0"),
    ],
)
def test_an_impossible_request_is_refused(tmp_path, options, message) -> None:
    with pytest.raises(StatisticsError, match=message):
        analysed(tmp_path, **options)


def test_the_table_that_this_program_exports_is_read(tmp_path) -> None:
    table = []
    for row in rows(("truth", "net", "Ann", "Ben")):
        made = {key: own for key, own in row.items() if key != "site"}
        kind = {"truth": "adjudicator", "net": "model"}.get(str(row["rater"]), "reader")
        table.append({**made, "condition": "central", "side": "", "kind": kind, "not_gradable": ""})
    table[-1] |= {"grade": "", "not_gradable": "poor_quality"}
    found = analysed(tmp_path, table)["groups"][0]
    assert rater_of(found, "Ben")["not_gradable"] == 1
    others = analysed(tmp_path, table, reference="majority")["groups"][0]
    assert "truth" not in [rater["name"] for rater in others["raters"]]
    table[0]["level"] = ""
    with pytest.raises(StatisticsError, match="the site is empty"):
        analysed(tmp_path, table)


def test_the_public_simulated_study_has_the_figures_of_scikit_learn(shared_data, tmp_path) -> None:
    source = shared_data / "stats" / "sim_study.csv"
    with source.open(encoding="utf-8") as file:
        wide = [row for row in csv.DictReader(file) if row["type"] == "central"]
    table = [
        {"case": row["patient"], "site": row["level"], "rater": name, "grade": row[name]}
        for row in wide
        for name in ("truth", "ai", "r1")
    ]
    found = analysed(tmp_path, table, models=("ai",), resamples=100)["groups"][0]
    truth, given = (np.array([int(row[name]) for row in wide]) for name in ("truth", "r1"))
    estimates = rater_of(found, "r1")["estimates"]
    assert value(estimates["sensitivity"]) == pytest.approx(metrics.recall_score(truth >= 2, given >= 2))
    assert value(estimates["kappa_quadratic"]) == pytest.approx(
        metrics.cohen_kappa_score(truth, given, weights="quadratic")
    )
    assert rater_of(found, "ai")["auc_is"].startswith("hard label")
