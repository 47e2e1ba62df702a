from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lss_core import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "statistics.md"


def test_the_worked_example_of_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    section = PAGE.read_text(encoding="utf-8").split("## How it is computed")[1]
    code = "\n".join(re.findall(r"^ {4}(.*)$", section, re.MULTILINE))
    exec(compile(code, str(PAGE), "exec"), {})
    # Quadratic kappa of (0,0) (1,1) (2,2) (2,1) (0,0) (3,3) by hand:
    # margins truth 2,1,2,1 and rating 2,2,1,1 of 6; observed cost 1/6, expected 86/36.
    value = float(capsys.readouterr().out.split()[0])
    assert value == pytest.approx(1 - (1 / 6) / (86 / 36))


def test_the_worked_example_of_analyse_gives_what_the_page_says(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S))
    (tmp_path / "ratings.csv").write_text(blocks["csv"], encoding="utf-8")
    words = blocks["console"].split()[3:]
    words = [str(tmp_path / word) if word.endswith((".csv", ".json")) else word for word in words]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    (ann,) = (rater for rater in found["groups"][0]["raters"] if rater["name"] == "Ann")
    for name, figure in json.loads(blocks["json"]).items():
        assert ann["estimates"][name] == pytest.approx(figure)
    assert {"cases", "units", "reference", "raters", "panel", "pairs", "comparisons"} <= set(
        found["groups"][0]
    )
