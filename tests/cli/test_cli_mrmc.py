"""The commands mrmc and power: what they print for people and for machines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from lss_core import cli
from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.roe_metz import RoeMetz


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words], env={"COLUMNS": "120"})


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """A simulated study of three readers and two modalities."""
    study = RoeMetz(aucs=(0.8, 0.9)).draw(np.random.default_rng(4), readers=3, negatives=30, positives=30)
    rows = ["readerID,caseID,modalityID,score"]
    rows += [f"truth,{case},truth,{study.truth[c]:.0f}" for c, case in enumerate(study.cases)]
    rows += [
        f"{reader},{case},{modality},{study.scores[i, j, c]:.4f}"
        for i, modality in enumerate(study.modalities)
        for j, reader in enumerate(study.readers)
        for c, case in enumerate(study.cases)
    ]
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(rows))
    return path


def test_the_tables_name_method_and_tests(scores) -> None:
    result = run("mrmc", scores, "--margin", 0.05, "--fix", "readers")
    assert result.exit_code == 0
    for words in (
        "Obuchowski-Rockette",
        "fixed readers and random cases",
        "empirical AUC of 3 readers, 60 cases of 60 patients",
        "modality 1 - modality 2",
        "noninferiority",
        "Differences of each reader",
        "chi-square",
        "Cov2",
    ):
        assert words in result.stdout


def test_json_goes_to_standard_output_or_to_a_file(scores, tmp_path) -> None:
    printed = json.loads(run("mrmc", scores, "--method", "u-statistic", "--json", "-").stdout)
    target = tmp_path / "out.json"
    assert run("mrmc", scores, "--method", "u-statistic", "--json", target).stdout == ""
    assert json.loads(target.read_text()) == printed
    assert printed["components"]["M8[modality 1, modality 1]"] > 0


def test_van_dykes_published_test_comes_out_of_the_command(shared_data, tmp_path) -> None:
    import csv

    with (shared_data / "stats" / "vandyke.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = ["readerID,caseID,modalityID,score"]
    lines += [f"truth,{c},truth,{t}" for c, t in dict.fromkeys((row["case"], row["truth"]) for row in rows)]
    lines += [f"{row['reader']},{row['case']},{row['treatment']},{row['rating']}" for row in rows]
    path = tmp_path / "vandyke.csv"
    path.write_text("\n".join(lines))
    found = json.loads(run("mrmc", path, "--json", "-").stdout)
    # OR-DBM MRMC 2.51: F(1, 15.26) = 4.46, p = .0517; MRMCaov 4.456319, 15.25967, 0.05166569.
    assert found["overall"]["value"] == pytest.approx(4.456319, abs=1e-6)
    assert found["overall"]["df2"] == pytest.approx(15.25967, abs=1e-5)
    assert found["overall"]["p_value"] == pytest.approx(0.05166569, abs=1e-8)


def test_a_refusal_reaches_the_caller_with_its_remedy(scores) -> None:
    result = run("mrmc", scores, "--design", "split-plot")
    assert isinstance(result.exception, StatisticsError)
    assert result.exception.remedy == "Add --method u-statistic"


def test_a_scale_that_is_no_list_of_numbers_is_a_wrong_call(scores) -> None:
    result = run("mrmc", scores, "--metric", "kappa", "--scale", "none,mild")
    assert result.exit_code == 2


def test_notes_are_printed(scores, monkeypatch) -> None:
    from lss_core.usecases import mrmc

    whole = mrmc.analyse_scores
    monkeypatch.setattr(mrmc, "analyse_scores", lambda *args: {**whole(*args), "notes": ["mind this"]})
    assert "Note: mind this." in run("mrmc", scores).stdout


def test_a_plan_is_printed_from_components_or_from_a_pilot(scores, tmp_path) -> None:
    parts = ["--var-tr", 0.0002004025, "--var", 0.0008022883, "--cov1", 0.0003466137]
    parts += ["--cov2", 0.0003440748, "--cov3", 0.0002390284, "--pilot-cases", 114]
    printed = run("power", "mrmc", "--effect", 0.04380032, "--readers", 10, *parts).stdout
    assert "163" in printed  # RJafroc: 163 cases for 10 readers
    pilot = tmp_path / "pilot.json"
    run("mrmc", scores, "--json", pilot)
    found = json.loads(
        run(
            "power", "mrmc", "--effect", 0.1, "--readers", 5, "--cases", 80, "--pilot", pilot, "--json", "-"
        ).stdout
    )
    assert found["n_cases"] == 80
    assert 0 < found["power"] < 1


def test_widths_are_planned_for_kappa_and_sensitivity() -> None:
    kappa = run("power", "kappa", "--kappa", 0.6, "--shares", "0.7,0.3", "--width", 0.2)
    assert "0.7, 0.3" in kappa.stdout
    assert "n_units" in kappa.stdout
    rate = run("power", "sensitivity", "--sensitivity", 0.9, "--width", 0.1, "--json", "-")
    assert json.loads(rate.stdout)["n_positive_units"] == 141
    fixed = run("power", "mrmc", "--effect", 0.1, "--readers", 4, "--cases", 50, "--fix", "readers",
                "--var", 0.001, "--pilot-cases", 50)  # fmt: skip
    assert "-" in fixed.stdout
