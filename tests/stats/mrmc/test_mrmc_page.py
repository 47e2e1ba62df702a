from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lss_core import cli

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "mrmc.md").read_text(encoding="utf-8")


def test_the_worked_example_of_the_documentation_runs(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(line[4:] for line in PAGE.splitlines() if line.startswith("    ") or not line)
    exec(compile(code, "docs/mrmc.md", "exec"), {})
    assert capsys.readouterr().out.strip() in PAGE
    found = {}
    for line in re.findall(r"^python -m lss_core (.*)$", PAGE, re.MULTILINE):
        result = CliRunner().invoke(cli.app, shlex.split(line), env={"COLUMNS": "120"})
        assert result.exit_code == 0, line
        found[line] = result.stdout
    assert len(found) == 7
    printed = json.loads(next(text for line, text in found.items() if line.endswith("--json -")))
    assert printed["differences"][0]["second"] == "aided"
    plan = next(text for line, text in found.items() if line.startswith("power mrmc"))
    assert "n_cases" in plan
    assert printed["modalities"][0]["estimate"] == pytest.approx(0.8, abs=0.1)
