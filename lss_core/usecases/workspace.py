"""The workspace: settings, database and clock that every use case is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from lss_core.errors import SettingsError
from lss_core.settings import Settings, get_settings
from lss_core.store.engine import Store


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, eq=False)
class Workspace:
    """An installation at work. `now` is the clock, so that a test may turn it."""

    settings: Settings
    store: Store
    now: Callable[[], datetime] = utc_now

    def case_folder(self, case_id: str) -> Path:
        """The folder of a case's files."""
        return self.settings.data_dir / "volumes" / case_id

    def volume_path(self, case_id: str, series_id: str) -> Path:
        """The file of a series' volume."""
        return self.case_folder(case_id) / f"{series_id}.safetensors"

    def masks_path(self, case_id: str, series_id: str, run_id: str) -> Path:
        """The file of the masks a model run drew on a series."""
        return self.case_folder(case_id) / f"{series_id}.masks-{run_id}.safetensors"

    def explanations_path(self, case_id: str, run_id: str) -> Path:
        """The file of what a model run's classifiers saw and where they looked."""
        return self.case_folder(case_id) / f"explanations-{run_id}.safetensors"


def open_workspace(settings: Settings | None = None) -> Workspace:
    """The workspace of these settings, its database migrated; one a process.

    Raises StoreError when the database cannot be reached or is newer than this code.
    """
    chosen = settings or get_settings()
    return _open(chosen.url, chosen.data_dir, chosen)


def make_data_dir(data_dir: Path) -> None:
    """The data folder, made where it is not there. Raises SettingsError where that cannot be."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the folder {data_dir} cannot be made: {error.strerror}"
        raise SettingsError(
            "LSS_DATA_DIR", reason=reason, remedy="Name a folder that you may write to"
        ) from error


@cache
def _open(url: str, data_dir: Path, settings: Settings) -> Workspace:
    make_data_dir(data_dir)
    store = Store(url)
    store.migrate()
    return Workspace(settings=settings, store=store)
