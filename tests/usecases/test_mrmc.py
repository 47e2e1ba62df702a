from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.roe_metz import RoeMetz
from lss_core.usecases.mrmc import MrmcRequest, analyse_scores
from lss_core.usecases.mrmc_scores import read_scores
from lss_core.usecases.planning import pilot_given, pilot_of, plan_kappa, plan_mrmc, plan_sensitivity

HEADER = "readerID,caseID,modalityID,score\n"
ROWS = "truth,a,truth,0\ntruth,b,truth,1\nr1,a,M,1\nr1,b,M,2\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def writer(text: str) -> Path:
        path = tmp_path / "scores.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return writer


@pytest.fixture
def simulated(write) -> Path:
    """A simulated study of three readers, two modalities and a model 'net' in a modality of its own."""
    study = RoeMetz(aucs=(0.8, 0.9)).draw(np.random.default_rng(4), readers=3, negatives=30, positives=30)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADER.strip().split(","))
    for c, case in enumerate(study.cases):
        table.writerow(["truth", case, "truth", int(study.truth[c])])
        table.writerow(["net", case, "ai", round(study.scores[1, 0, c] + study.scores[0, 1, c], 3)])
        for i, modality in enumerate(("unaided", "aided")):
            for j in range(3):
                table.writerow([f"r{j}", case, modality, round(study.scores[i, j, c], 3)])
    return write(text.getvalue())


def without_model(path: Path) -> Path:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("net,")))
    return path


def test_a_list_of_scores_becomes_a_study_in_the_files_order(write) -> None:
    found = read_scores(write("\ufeff" + HEADER + ROWS + "\nr2,b,N, 3.5\n")).study
    assert (found.modalities, found.readers, found.cases) == (("M", "N"), ("r1", "r2"), ("a", "b"))
    assert found.truth.tolist() == [0, 1]
    assert found.scores[1, 1].tolist() == pytest.approx([np.nan, 3.5], nan_ok=True)
    assert found.patients.tolist() == [0, 1]


def test_a_patient_column_names_the_patient_of_several_cases(write) -> None:
    text = "caseID,patientID,readerID,modalityID,score\na,p,truth,truth,0\nb,p,truth,truth,1\n"
    text += "a,p,r,M,1\nb,p,r,M,2\n"
    found = read_scores(write(text)).study
    assert found.patients.tolist() == [0, 0]
    assert found.clustered


def test_imrmcs_own_file_is_read_from_its_begin_line(write) -> None:
    found = read_scores(write("Made by iMRMC\nN0: 1\nBEGIN DATA:\n" + ROWS)).study
    assert found.readers == ("r1",)
    with pytest.raises(StatisticsError, match="row 8: the score 'x'"):
        read_scores(write("Made by iMRMC\nN0: 1\nBEGIN DATA:\n" + ROWS + "r1,a,N,x\n"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "scores.csv, row 1: the first row names no column readerID. Give the columns readerID, caseID"),
        ("readerID,caseID,score\n", "row 1: the first row names no column modalityID"),
        (HEADER + ROWS + "r1,,M,2\n", "row 6: caseID is empty. Fill it in"),
        (HEADER + ROWS + "r1,b\n", "row 6: modalityID is empty"),
        (HEADER + ROWS + "r1,b,N,high\n", "row 6: the score 'high' is not a number. Correct it, or leave"),
        (HEADER + ROWS + "r1,b,N,nan\n", "row 6: the score 'nan' is not a number"),
        (HEADER + ROWS + "r1,b,M,2\n", "row 6: reader r1 has scored case b in modality M already"),
        (HEADER + ROWS + "truth,b,truth,1\n", "row 6: case b has a truth already"),
        (HEADER + ROWS + "truth,b,M,1\n", "row 6: one of readerID and modalityID is 'truth'"),
        (HEADER + ROWS + "r1,c,M,1\n", "row 6: case c has no truth. Add its row 'truth,c,truth,...'"),
        (HEADER + "truth,b,truth,1\n", "scores.csv: it holds no score. Add the readers' rows"),
        (
            "readerID,caseID,modalityID,score,patientID\ntruth,a,truth,0,p\nr1,a,M,1,q\n",
            "row 3: case a belongs to patient p in an earlier row",
        ),
        (
            "readerID,caseID,modalityID,score,patientID\ntruth,a,truth,0,p\nr1,a,M,1\n",
            "row 3: patientID is empty",
        ),
    ],
)
def test_a_bad_row_is_refused_with_file_row_reason_and_remedy(write, text, reason) -> None:
    with pytest.raises(StatisticsError, match=reason.replace("(", r"\(")):
        read_scores(write(text))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StatisticsError, match=r"scores.csv: it is not text in UTF-8"):
        read_scores(path)


@pytest.mark.parametrize("method", ["or", "dbm", "u-statistic"])
@pytest.mark.parametrize("fix", ["none", "readers", "cases"])
def test_every_method_answers_in_numbers_that_json_takes(simulated, method, fix) -> None:
    request = MrmcRequest(method=method, fix=fix, margin=0.05)
    found = analyse_scores(without_model(simulated), request)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    (one,) = found["differences"]
    assert (one["first"], one["second"]) == ("unaided", "aided")
    assert one["estimate"] < 0
    assert one["noninferiority"]["margin"] == 0.05
    assert found["data"]["n_positive_cases"] == 30
    assert (one["df"] is None) == (fix == "readers" and method != "dbm")


def test_the_control_comes_last(simulated) -> None:
    found = analyse_scores(without_model(simulated), MrmcRequest(control="unaided"))
    (one,) = found["differences"]
    assert (one["first"], one["second"]) == ("aided", "unaided")
    assert one["estimate"] > 0


@pytest.mark.parametrize(
    "request_",
    [
        MrmcRequest(standalone="ai"),
        MrmcRequest(standalone="ai", variance="delong"),
        MrmcRequest(standalone="ai", method="u-statistic"),
        MrmcRequest(standalone="ai", method="u-statistic", design="split-plot", fix="readers"),
    ],
)
def test_a_standalone_model_is_compared_with_each_panel(simulated, request_) -> None:
    found = analyse_scores(simulated, request_)
    assert [(one["first"], one["second"]) for one in found["differences"]] == [
        ("ai", "unaided"),
        ("ai", "aided"),
    ]
    assert found["n_readers"] == 3


def test_a_bootstrap_keeps_its_seed_with_its_numbers(simulated) -> None:
    request = MrmcRequest(variance="bootstrap", resamples=200, seed=5)
    path = without_model(simulated)
    one, other = (analyse_scores(path, request) for _ in range(2))
    assert one == other
    assert (one["seed"], one["resamples"]) == (5, 200)
    assert analyse_scores(path, replace(request, seed=6))["differences"] != one["differences"]


@pytest.mark.parametrize("metric", ["sensitivity", "specificity"])
def test_a_threshold_makes_the_scores_calls(simulated, metric) -> None:
    path = without_model(simulated)
    found = analyse_scores(path, MrmcRequest(metric=metric, threshold=1.0))
    assert found["measure"] == f"{metric} at a threshold of 1"
    with pytest.raises(StatisticsError, match=f"--threshold: {metric} needs the score from which"):
        analyse_scores(path, MrmcRequest(metric=metric))


def test_calls_of_0_and_1_need_no_threshold(write) -> None:
    rng = np.random.default_rng(3)
    truth = [n % 2 for n in range(20)]
    rows = [f"truth,c{n},truth,{t}\n" for n, t in enumerate(truth)]
    rows += [
        f"r{j},c{n},{m},{t if rng.random() < 0.75 else 1 - t}\n"
        for j in range(3)
        for m in "AB"
        for n, t in enumerate(truth)
    ]
    path = write(HEADER + "".join(rows))
    found = analyse_scores(path, MrmcRequest(metric="sensitivity"))
    assert found["measure"] == "sensitivity at a threshold of 0.5"
    kappa = analyse_scores(path, MrmcRequest(metric="kappa", scale=(0, 1)))
    assert "n_positive_cases" not in kappa["data"]
    assert kappa["measure"] == "Cohen's kappa, unweighted"


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (MrmcRequest(design="split-plot"), "--design: a split-plot design is analysed by U-statistics"),
        (MrmcRequest(method="dbm", variance="delong"), "--variance: the method dbm has its own variance"),
        (MrmcRequest(method="u-statistic", variance="jackknife"), "own variance, unbiased"),
        (MrmcRequest(method="dbm", standalone="ai"), "dbm has no analysis of a standalone model"),
        (MrmcRequest(level=95), "--level: 95 is no level of an interval"),
        (MrmcRequest(resamples=5), "--resamples: 5 resamples are too few"),
        (MrmcRequest(metric="kappa"), "--scale: kappa needs the whole scale"),
        (MrmcRequest(control="x"), "modality x: there is no such modality among ai, unaided, aided"),
        (MrmcRequest(), "the score of reader r0, case case 1, modality ai and 299 more are missing"),
        (MrmcRequest(method="u-statistic"), "and a fully crossed design needs them all"),
    ],
)
def test_what_does_not_hold_together_is_refused(simulated, request_, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        analyse_scores(simulated, request_)


def test_a_pilots_results_plan_the_next_study(simulated, tmp_path: Path) -> None:
    results = tmp_path / "pilot.json"
    found = analyse_scores(without_model(simulated), MrmcRequest())
    results.write_text(json.dumps(found))
    pilot = pilot_of(results)
    assert (pilot.cases, pilot.cov1) == (60, found["components"]["Cov1"])
    asked = {"effect": 0.2, "readers": 12, "power": 0.8, "margin": 0.0, "alpha": 0.05}
    plan = plan_mrmc(pilot, cases=None, fix="none", **asked)
    assert plan["power"] >= 0.8
    again = plan_mrmc(pilot, cases=plan["n_cases"], fix="none", **asked)
    assert again["power"] == plan["power"]
    fixed = plan_mrmc(pilot, cases=100, fix="readers", **{**asked, "margin": 0.05})
    assert (fixed["df"], fixed["hypothesis"]) == (None, "non-inferiority")
    json.dumps([plan, fixed], allow_nan=False)


@pytest.mark.parametrize("text", ["no json", "[]", '{"components": {}, "data": {"n_patients": 3}}'])
def test_results_without_components_plan_nothing(tmp_path: Path, text) -> None:
    path = tmp_path / "pilot.json"
    path.write_text(text)
    with pytest.raises(StatisticsError, match=r"pilot.json: it does not hold the components Var\(TR\)"):
        pilot_of(path)


def test_components_and_widths_may_be_given_outright() -> None:
    pilot = pilot_given(var_tr=0.0002, var=0.0008, cov1=0.00035, cov2=0.00034, cov3=0.00024, cases=114)
    assert pilot.cases == 114
    clusters = {"sites": 10, "correlation": 0.1, "level": 0.95}
    kappa = plan_kappa(kappa=0.6, shares=(0.7, 0.3), width=0.2, weights="unweighted", **clusters)
    assert kappa["design_effect"] == pytest.approx(1.9)
    rate = plan_sensitivity(sensitivity=0.9, width=0.1, prevalence=0.25, **clusters)
    assert rate["n_units"] >= 4 * rate["n_positive_units"]
