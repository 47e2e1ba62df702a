from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "statistics.md"


def test_the_worked_example_of_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(re.findall(r"^ {4}(.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    exec(compile(code, str(PAGE), "exec"), {})
    # Quadratic kappa of (0,0) (1,1) (2,2) (2,1) (0,0) (3,3) by hand:
    # margins truth 2,1,2,1 and rating 2,2,1,1 of 6; observed cost 1/6, expected 86/36.
    value = float(capsys.readouterr().out.split()[0])
    assert value == pytest.approx(1 - (1 / 6) / (86 / 36))
