"""Synthetic studies on disk, to train on several times.

A folder a seed, written whole or not at all: `<role>.safetensors`, `<role>.masks.safetensors`
(the two sagittal series share theirs) and `truth.json` with points, grades and measurements.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lss_core.domain import Grade, Level, Point, SeriesRole, Site
from lss_core.imaging.files import read_masks, read_volume, write_masks, write_volume
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.phantom import PhantomStudy


@dataclass(frozen=True, kw_only=True)
class CachedStudy:
    """A synthetic study as it lies on disk; volumes and masks are read when asked for."""

    folder: Path

    @property
    def seed(self) -> int:
        """The seed it was made from."""
        return int(self.folder.name)

    def volume(self, role: SeriesRole) -> Volume:
        """A series."""
        return read_volume(self.folder / f"{role.value}.safetensors")

    def masks(self, role: SeriesRole) -> MaskStack:
        """The true masks of a series."""
        plane = role.value.partition("_")[0]
        return read_masks(self.folder / f"{plane}.masks.safetensors")

    def truth(self) -> tuple[dict[Level, Point], dict[Site, Point], dict[Site, Grade]]:
        """Canal points by level, points and grades by site."""
        known = json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))
        return (
            {Level(level): _point(point) for level, point in known["canal_points_mm"].items()},
            {Site.parse(key): _point(point) for key, point in known["site_points_mm"].items()},
            {Site.parse(key): Grade(grade) for key, grade in known["grades"].items()},
        )


def cached_studies(folder: Path) -> list[CachedStudy]:
    """The studies of a cache, by seed."""
    found = (path for path in folder.iterdir() if path.name.isdigit())
    return [CachedStudy(folder=path) for path in sorted(found, key=lambda path: int(path.name))]


def write_study(folder: Path, study: PhantomStudy) -> None:
    """Put a study into a cache, in place of one of the same seed."""
    part = folder / f".part-{study.seed}"
    shutil.rmtree(part, ignore_errors=True)
    for role, volume in study.series.items():
        write_volume(part / f"{role.value}.safetensors", volume)
        write_masks(part / f"{role.value.partition('_')[0]}.masks.safetensors", study.masks[role])
    truth = {
        "canal_points_mm": _keyed(study.canal_points_mm),
        "site_points_mm": {site.key: point for site, point in study.site_points_mm.items()},
        "grades": {site.key: int(grade) for site, grade in study.grades.items()},
        "measurements": {site.key: dict(values) for site, values in study.measurements.items()},
        "numbering_note": study.numbering_note,
    }
    (part / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    whole = folder / str(study.seed)
    shutil.rmtree(whole, ignore_errors=True)
    os.replace(part, whole)


def _keyed(points: Mapping[Level, Point]) -> dict[str, Point]:
    return {level.value: point for level, point in points.items()}


def _point(values: list[float]) -> Point:
    x, y, z = values
    return x, y, z
