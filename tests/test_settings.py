"""Settings and their table in the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lss_core.errors import SettingsError
from lss_core.settings import Settings, get_settings

OPERATORS = Path(__file__).resolve().parents[1] / "docs" / "operators.md"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_every_setting_stands_in_the_operators_table_with_its_default() -> None:
    rows = {
        cells[1].strip(" `"): cells[2].strip(" `")
        for line in OPERATORS.read_text(encoding="utf-8").splitlines()
        if (cells := line.split("|")) and line.startswith("| `LSS_")
    }
    expected = {f"LSS_{name.upper()}": str(f.default) or "empty" for name, f in Settings.model_fields.items()}
    assert rows == expected


def test_the_environment_sets_what_the_table_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("LSS_DATABASE_URL", raising=False)
    assert get_settings().url == f"sqlite:///{tmp_path / 'lss.sqlite'}"


def test_a_wrong_setting_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSS_DEVICE", "abacus")
    with pytest.raises(SettingsError, match=r"LSS_DEVICE.*cpu.*Correct it in the environment or in \.env"):
        get_settings()


def test_a_misspelt_setting_is_refused_with_the_name_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSS_DATA_DIRR", "x")
    with pytest.raises(SettingsError, match="Did you mean LSS_DATA_DIR"):
        get_settings()


def test_the_password_of_a_new_user_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSS_NEW_PASSWORD", "ten letters and more")
    get_settings()


def test_a_limit_of_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSS_DECODE_SECONDS", "-1")
    with pytest.raises(SettingsError, match="LSS_DECODE_SECONDS"):
        get_settings()
