"""The command `analyse`: its table for people, its JSON for machines, its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lss_core import cli
from lss_core.errors import StatisticsError

HEADER = "case,site,condition,rater,grade\n"
GRADES = {
    "truth": "0123012301230123",
    "net": "0123012201230023",
    "Ann": "0023112301230133",
    "Ben": "0123013301231122",
}


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Eight cases of two sites, a reference, a model and two readers."""
    lines = [
        f"C{unit // 2},s{unit % 2},central,{rater},{grade}\n"
        for rater, grades in GRADES.items()
        for unit, grade in enumerate(grades)
    ]
    path = tmp_path / "ratings.csv"
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["analyse", *map(str, words)], env={"COLUMNS": "200"})


def test_json_on_the_screen_is_one_value_and_nothing_else(ratings) -> None:
    result = run(ratings, "--reference", "truth", "--model", "net", "--by", "condition", "--json", "-")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found["groups"][0]["by"] == {"condition": "central"}
    assert found["analysis"]["interval"] == "bca"


def test_people_get_tables_and_the_file_gets_json(ratings, tmp_path) -> None:
    target = tmp_path / "out.json"
    result = run(ratings, "--reference", "truth", "--model", "net", "--json", target)
    assert result.exit_code == 0
    assert "All units: 8 cases, 16 site units" in result.stdout
    assert "agreement of the readers" in result.stdout
    assert "model less mean reader" in result.stdout
    assert json.loads(target.read_text(encoding="utf-8"))["groups"]


def test_what_is_undefined_is_shown_as_such(tmp_path, ratings) -> None:
    text = ratings.read_text(encoding="utf-8")
    for grade in "23":
        text = text.replace(f"truth,{grade}", "truth,1")
    ratings.write_text(text, encoding="utf-8")
    result = run(ratings, "--reference", "truth", "--model", "net")
    assert "undefined" in result.stdout
    assert "no unit is positive in the reference" in result.stdout


def test_a_perfect_reader_has_a_kappa_without_an_interval(ratings) -> None:
    text = ratings.read_text(encoding="utf-8")
    lines = [line.replace("truth", "Cleo") for line in text.splitlines() if ",truth," in line]
    ratings.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")
    assert "1.00 (no interval)" in run(ratings, "--reference", "truth").stdout


def test_one_reader_alone_gets_no_panel(ratings) -> None:
    lines = ratings.read_text(encoding="utf-8").splitlines(keepends=True)
    ratings.write_text("".join(line for line in lines if "Ben" not in line and "net" not in line))
    assert "agreement of the readers" not in run(ratings, "--reference", "truth").stdout


@pytest.mark.parametrize(
    "words", [("--scale", "none,mild"), ("--positive", "high"), ("--unit", "disc"), ("--ci", "wald")]
)
def test_words_that_mean_nothing_are_a_wrong_call(ratings, words) -> None:
    assert run(ratings, *words).exit_code == 2


def test_a_bad_row_is_refused_with_file_row_reason_and_remedy(ratings) -> None:
    ratings.write_text(HEADER + "C1,s0,central,Ann,9\n", encoding="utf-8")
    result = run(ratings)
    assert isinstance(result.exception, StatisticsError)
    assert str(result.exception) == (
        "ratings.csv, row 2: the grade 9 is not on the scale 0, 1, 2, 3. "
        "Correct it, leave it empty, or name the whole scale"
    )


@pytest.fixture
def two_arms(tmp_path: Path) -> Path:
    """Ann and Ben alone, then with the net, as an export has it: the net's rows name no arm."""
    lines = []
    for rater, grades in GRADES.items():
        arms = [("unaided", "1"), ("aided", "2")] if rater in ("Ann", "Ben") else [("", "")]
        for arm, session in arms:
            given = GRADES["net"] if arm == "aided" else grades
            lines += [
                f"C{unit // 2},s{unit % 2},{rater},{arm},{session},{grade}\n"
                for unit, grade in enumerate(given)
            ]
    path = tmp_path / "arms.csv"
    path.write_text("case,site,rater,arm,session,grade\n" + "".join(lines), encoding="utf-8")
    return path


def _kappa(found, name: str) -> float:
    raters = {rater["name"]: rater for rater in found["groups"][0]["raters"]}
    return raters[name]["estimates"]["kappa_graded"]["value"]


def test_one_arm_is_taken_with_the_rows_that_name_none(two_arms) -> None:
    words = (two_arms, "--reference", "truth", "--model", "net", "--json", "-", "--only")
    alone, aided = (json.loads(run(*words, f"arm={arm}").stdout) for arm in ("unaided", "aided"))
    assert _kappa(alone, "net") == _kappa(aided, "net") == _kappa(aided, "Ann")
    assert _kappa(alone, "Ann") != _kappa(aided, "Ann")
    assert (alone["analysis"]["only"], alone["analysis"]["warning"]) == ({"arm": "unaided"}, "")


def test_sites_that_were_answered_in_several_arms_are_warned_of(two_arms) -> None:
    words = (two_arms, "--reference", "truth", "--model", "net")
    said = " ".join(run(*words).stdout.split())
    assert (
        "Ann, Ben answered sites in several arms (unaided, aided). The answer of the first session counts"
        in said
    )
    assert "several arms" not in run(*words, "--only", "arm=aided").stdout
    assert "several arms" not in run(*words, "--by", "arm").stdout


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("arm=third", "arms.csv: no row has 'third' in the column 'arm'. Name one of unaided, aided"),
        ("hall=1", "arms.csv: there is no column 'hall'. Name one of case, site, rater, arm, session, grade"),
    ],
)
def test_an_arm_that_is_not_there_is_refused(two_arms, value, said) -> None:
    assert str(run(two_arms, "--reference", "truth", "--only", value).exception) == said


def test_only_takes_a_column_and_a_value(two_arms) -> None:
    assert run(two_arms, "--only", "arm").exit_code == 2
