"""The command train: what it says at the end, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lss_core.cli import IN_PART, app
from lss_core.errors import TrainingError
from lss_core.usecases import training
from lss_core.usecases.training import TrainedBundle

run = CliRunner().invoke


def said(monkeypatch: pytest.MonkeyPatch, made: TrainedBundle, *more: str) -> tuple[int, str, list[object]]:
    asked: list[object] = []

    def train(settings: object, path: Path, **how: object) -> TrainedBundle:
        asked.append((path, how["stages"]))
        return made

    monkeypatch.setattr(training, "train_bundle", train)
    done = run(app, ["train", "my.toml", *more])
    return done.exit_code, done.output, asked


def test_a_finished_bundle_is_named_with_how_to_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = TrainedBundle(folder=Path("/models/ours"), label="ours 1", to_do=())
    code, text, asked = said(monkeypatch, made)
    assert code == 0
    assert "The bundle ours 1 is in /models/ours" in text
    assert "LSS_MODELS_DIR=/models LSS_BUNDLE=ours" in text
    assert asked == [(Path("my.toml"), ())]


def test_stages_are_passed_on_and_what_is_left_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    made = TrainedBundle(folder=None, label="", to_do=("presence", "ensemble"))
    code, text, asked = said(monkeypatch, made, "--stage", "segment", "--stage", "severity")
    assert code == IN_PART
    assert "Still to do: presence, ensemble" in text
    assert asked == [(Path("my.toml"), ["segment", "severity"])]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = run(app, ["train", str(tmp_path / "none.toml")])
    assert isinstance(done.exception, TrainingError)
    assert "it cannot be read" in str(done.exception)


def test_the_file_may_be_given_as_an_option_but_not_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def train(settings: object, path: Path, **how: object) -> TrainedBundle:
        asked.append(path)
        return TrainedBundle(folder=Path("/models/ours"), label="ours 1", to_do=())

    monkeypatch.setattr(training, "train_bundle", train)
    assert run(app, ["train", "--config", "my.toml"]).exit_code == 0
    assert asked == [Path("my.toml")]
    for wrong in (["train"], ["train", "a.toml", "--config", "b.toml"]):
        done = run(app, wrong)
        assert done.exit_code == 2
        assert "give one file" in done.output
