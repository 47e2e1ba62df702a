"""What slices, tilt and pixels cost a measurement: true outlines of synthetic studies against fine planes.

    python benchmarks/measurements.py --count 10
    python benchmarks/measurements.py --phantoms FOLDER --count 100

Each level is measured twice: from the study's true masks as a case is, and on a plane
perpendicular to the canal through the disc, drawn at 0.4 mm. Then how well single measurements
order the true grades: AUC of 'at least mild', 'moderate', 'severe'. `--phantoms` reads a cache
of studies (`python -m lss_core.vision.train.cache`) instead of drawing them.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

from lss_core.domain import LEVELS, SITES, Condition, Grade, SeriesRole, Site, Structure
from lss_core.measure.axial import Measurements, measure_axial
from lss_core.measure.planes import Section
from lss_core.measure.quantities import QUANTITIES
from lss_core.measure.study import Study, measure_study
from lss_core.phantom import make_study
from lss_core.phantom.canal import draw_spine
from lss_core.phantom.canvas import Canvas, Noise
from lss_core.phantom.foramen import shape_foramina
from lss_core.phantom.frames import Plane
from lss_core.phantom.labels import axial_masks
from lss_core.phantom.study import PhantomOptions, make_anatomy
from lss_core.vision.train.cache import cached_studies

FINE_MM = 0.4
ROLES = (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2, SeriesRole.AXIAL_T2)
COMPARED = (
    "sac_area_mm2", "sac_width_mm", "sac_height_mm", "canal_area_mm2", "canal_width_mm", "canal_ap_mm",
    "posterior_fat_mm", "flavum_thickness_mm", "recess_height_mm", "recess_area_mm2",
)  # fmt: skip
ORDERED = {
    Condition.CENTRAL: ("sac_area_ratio", "sac_neighbour_ratio", "sac_area_mm2"),
    Condition.LATERAL_RECESS: ("recess_height_mm", "recess_area_mm2"),
    Condition.FORAMINAL: ("foramen_room_mm2", "foramen_fat_mm2", "foramen_area_mm2", "foramen_height_mm"),
}

Graded = tuple[Site, Measurements, Grade]


def studies(folder: Path | None, first: int, count: int) -> Iterator[tuple[int, Study, dict[Site, Grade]]]:
    """Seed, study with its true masks and points, grades."""
    if folder is not None:
        for cached in cached_studies(folder)[:count]:
            canal, points, grades = cached.truth()
            series = {role: cached.volume(role) for role in ROLES}
            masks = {role: cached.masks(role) for role in ROLES}
            yield (
                cached.seed,
                Study(series=series, masks=masks, canal_points_mm=canal, site_points_mm=points),
                grades,
            )
        return
    for seed in range(first, first + count):
        made = make_study(seed)
        yield (
            seed,
            Study(
                series=made.series,
                masks=made.masks,
                canal_points_mm=made.canal_points_mm,
                site_points_mm=made.site_points_mm,
            ),
            dict(made.grades),
        )


def fine(seed: int) -> dict[Site, Measurements]:
    """The axial measurements of a seed's patient on planes perpendicular to the canal."""
    noise = Noise.draw(np.random.default_rng([seed, 2]))
    anatomy = shape_foramina(make_anatomy(seed, PhantomOptions()), noise)
    found: dict[Site, Measurements] = {}
    for level in LEVELS:
        frame = anatomy.curve.frame(anatomy.disc(level).s)
        plane = Plane(
            origin=frame.point(-30, -20, 0),
            row_step=FINE_MM * frame.axes[1],
            column_step=FINE_MM * frame.axes[0],
            shape=(int(45 / FINE_MM), int(60 / FINE_MM)),
        )
        masks = axial_masks(draw_spine(anatomy, Canvas(plane, (), noise)))
        section = Section(masks={name: masks[name] for name in Structure}, spacing_mm=(FINE_MM, FINE_MM))
        level_found = measure_axial(section)
        for site in SITES:
            if site.level is level and site.condition is not Condition.FORAMINAL:
                found[site] = level_found[site.side]
    return found


def errors_of(pairs: dict[str, list[tuple[float, float]]]) -> str:
    """A table: quantity, n, median absolute error, bias, as a share of the true size."""
    rows = ["| quantity | n | median error | bias | median error, share |", "|---|---|---|---|---|"]
    for name in COMPARED:
        said, true = np.array(pairs[name]).T
        away, unit = said - true, QUANTITIES[name].unit
        share = np.median(np.abs(away) / np.maximum(np.abs(true), FINE_MM))
        rows.append(
            f"| {QUANTITIES[name].label} | {len(away)} | {np.median(np.abs(away)):.2f} {unit} | "
            f"{np.median(away):+.2f} {unit} | {100 * share:.1f} % |"
        )
    return "\n".join(rows) + "\n"


def orders_of(graded: list[Graded]) -> Iterator[str]:
    """How well a single measurement orders the grades."""
    for condition, names in ORDERED.items():
        own = [one for one in graded if one[0].condition is condition]
        for name in names:
            values = np.array([found[name] for _, found, _ in own if name in found])
            grades = np.array([grade for _, found, grade in own if name in found])
            reached = [grades >= k for k in (1, 2, 3)]
            auc = [f"{roc_auc_score(one, -values):.3f}" for one in reached if one.any() and not one.all()]
            yield f"{condition.label}, {name}: n {len(values)}, AUC {' '.join(auc)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phantoms", type=Path, help="a cache of synthetic studies")
    parser.add_argument("--first", type=int, default=90_000, help="first seed, where no cache is given")
    parser.add_argument("--count", type=int, default=10)
    asked = parser.parse_args()
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    graded: list[Graded] = []
    for seed, study, grades in studies(asked.phantoms, asked.first, asked.count):
        found = measure_study(study)
        graded += [(site, found[site], grades[site]) for site in SITES]
        for site, true in fine(seed).items():
            for name in COMPARED:
                if name in true and name in found[site]:
                    pairs[name].append((found[site][name], true[name]))
    print(errors_of(pairs))
    print("\n".join(orders_of(graded)))


if __name__ == "__main__":
    main()
