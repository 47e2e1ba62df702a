"""What an operator wants to know first: does everything that is needed stand?"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

from lss_core import __version__
from lss_core.errors import LssError
from lss_core.settings import Settings
from lss_core.usecases.demo import check_open_door
from lss_core.usecases.workspace import make_data_dir, open_workspace
from lss_core.vision.bundle import find_bundle
from lss_core.vision.running import device_names, processor_named

PACKAGES = (
    "streamlit",
    "torch",
    "torchvision",
    "openvino",
    "pydicom",
    "plotly",
    "pandas",
    "scikit-learn",
    "sqlalchemy",
)
LITTLE_DISK_GB = 5


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at: whether it is well, what was found, what to do if not."""

    name: str
    well: bool
    found: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """Look at versions, devices, database, bundle and disk, one after the other."""
    yield Check(name="lss_core", well=True, found=f"{__version__}, Python {platform.python_version()}")
    for package in PACKAGES:
        yield Check(name=package, well=True, found=metadata.version(package))
    yield _attempt("devices", lambda: _devices(settings))
    yield _attempt("database", lambda: open_workspace(settings).store.describe())
    yield _attempt("demo users", lambda: _open_door(settings))
    yield _attempt("bundle", lambda: find_bundle(settings.models_dir, settings.bundle).describe())
    yield _disk(settings)


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name=name, well=True, found=look())
    except LssError as error:
        return Check(name=name, well=False, found=f"{error.subject}: {error.reason}", remedy=error.remedy)


def _devices(settings: Settings) -> str:
    processor = processor_named(settings.device, settings.cpu_engine)
    return f"{processor.describe()} (there are: {', '.join(device_names())})"


def _open_door(settings: Settings) -> str:
    check_open_door(open_workspace(settings))
    return "open nothing real"


def _disk(settings: Settings) -> Check:
    try:
        make_data_dir(settings.data_dir)
    except LssError as error:
        return Check(name="disk", well=False, found=error.reason, remedy=error.remedy)
    free_gb = shutil.disk_usage(settings.data_dir).free / 1e9
    return Check(
        name="disk",
        well=free_gb >= LITTLE_DISK_GB,
        found=f"{free_gb:.0f} GB free in {settings.data_dir}",
        remedy="" if free_gb >= LITTLE_DISK_GB else "Free some space or set LSS_DATA_DIR to another disk",
    )
