"""Where the model places levels and sites in an RSNA 2024 study, against that study's own labels.

    python benchmarks/localisation.py ../shared/data/rsna_study

The folder holds DICOM series and RSNA's train_label_coordinates.csv and
train_series_descriptions.csv. Exits with 1 unless all five levels are named right, every
canal point is within 5 mm of its label, every foramen within 10 mm, and every recess within
8 mm on an axial slice within 5 mm of the labelled place.
"""

from __future__ import annotations

import csv
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

from lss_core.dicom.reading import read_studies
from lss_core.domain import LEVELS, Condition, Level, SeriesRole, Side, Site
from lss_core.imaging.volume import Volume
from lss_core.settings import get_settings
from lss_core.usecases.grading import grade_folder

CANAL_WITHIN_MM = 5.0
SITE_WITHIN_MM = {Condition.FORAMINAL: 10.0, Condition.LATERAL_RECESS: 8.0}
RECESS_SLICE_WITHIN_MM = 5.0
ROLES = {
    "Sagittal T2/STIR": SeriesRole.SAGITTAL_T2,
    "Sagittal T1": SeriesRole.SAGITTAL_T1,
    "Axial T2": SeriesRole.AXIAL_T2,
}
CONDITIONS = {
    "spinal_canal_stenosis": Condition.CENTRAL,
    "subarticular_stenosis": Condition.LATERAL_RECESS,
    "neural_foraminal_narrowing": Condition.FORAMINAL,
}


@dataclass(frozen=True, kw_only=True)
class Label:
    """A labelled place: the site, its point in patient coordinates, and the slice it was set on."""

    site: Site
    point: np.ndarray[Any, np.dtype[np.float64]]
    role: SeriesRole
    instance_number: int


def labels_of(folder: Path, volumes: dict[SeriesRole, Volume]) -> Iterator[Label]:
    with (folder / "train_series_descriptions.csv").open(encoding="utf-8") as file:
        roles = {row["series_id"]: ROLES[row["series_description"]] for row in csv.DictReader(file)}
    with (folder / "train_label_coordinates.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            role, instance = roles[row["series_id"]], int(row["instance_number"])
            volume = volumes[role]
            pixel = np.array([[float(row["y"]), float(row["x"])]])
            side, _, rest = row["condition"].partition("_")
            sided = side in set(Side)
            yield Label(
                site=Site(
                    condition=CONDITIONS[rest if sided else row["condition"]],
                    level=Level(row["level"].upper()),
                    side=Side(side) if sided else None,
                ),
                point=volume.to_patient(volume.instance_numbers.index(instance), pixel)[0],
                role=role,
                instance_number=instance,
            )


def level_failures(graded: dict[str, Any], labels: list[Label]) -> Iterator[str]:
    central = {label.site.level: label for label in labels if label.site.condition is Condition.CENTRAL}
    print(f"{'level':8}{'canal error mm':>16}   nearest label")
    for level in LEVELS:
        found = graded["levels"].get(level.value)
        if found is None:
            print(f"{level.label:8}{'not found':>16}")
            yield f"{level.label} was not found"
            continue
        point = np.array(found["point_mm"])
        away = {other: float(np.linalg.norm(point - label.point)) for other, label in central.items()}
        nearest = min(away, key=away.__getitem__)
        print(f"{level.label:8}{away[level]:16.1f}   {nearest.label}")
        if nearest is not level:
            yield f"{level.label} was found where {nearest.label} is"
        if away[level] > CANAL_WITHIN_MM:
            yield f"{level.label}: canal point {away[level]:.1f} mm away"


def site_failures(
    graded: dict[str, Any], labels: list[Label], volumes: dict[SeriesRole, Volume]
) -> Iterator[str]:
    sites = {
        Site(
            condition=Condition(site["condition"]),
            level=Level(site["level"]),
            side=site["side"] and Side(site["side"]),
        ): site
        for site in graded["sites"]
    }
    print(f"\n{'site':38}{'slice':>6}{'label':>7}{'off slice mm':>14}{'point error mm':>16}")
    for label in labels:
        said = sites[label.site]
        if said["instance_number"] is None:
            print(f"{label.site.label:38}{'none':>6}   {said['reason']}: {said['note']}")
            if label.site.condition in SITE_WITHIN_MM:
                yield f"{label.site.label}: {said['reason']}"
            continue
        volume = volumes[SeriesRole(said["series"])]
        k = volume.instance_numbers.index(said["instance_number"])
        off = float(volume.distances_mm(label.point)[k])
        error = float(np.linalg.norm(np.array(said["point_mm"]) - label.point))
        print(
            f"{label.site.label:38}{said['instance_number']:6d}{label.instance_number:7d}{off:14.1f}{error:16.1f}"
        )
        if error > SITE_WITHIN_MM.get(label.site.condition, np.inf):
            yield f"{label.site.label}: point {error:.1f} mm from the labelled place"
        if label.site.condition is Condition.LATERAL_RECESS and off > RECESS_SLICE_WITHIN_MM:
            yield f"{label.site.label}: slice {off:.1f} mm from the labelled place"


def main(folder: Path) -> int:
    settings = get_settings()
    batch = read_studies(
        [folder],
        key=secrets.token_bytes(32),
        memory_mb=settings.decode_memory_mb,
        seconds=settings.decode_seconds,
    )
    volumes = {role: series.volume for study in batch.studies for role, series in study.best.items()}
    labels = list(labels_of(folder, volumes))
    graded = grade_folder(settings, folder)
    failures = [*level_failures(graded, labels), *site_failures(graded, labels, volumes)]
    print(f"\n{graded['bundle']}, {graded['seconds']} s: " + ("targets met" if not failures else "MISSED"))
    for failure in failures:
        print(f"  {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
