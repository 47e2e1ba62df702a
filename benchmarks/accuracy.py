"""How well a bundle does on labelled studies: the same figures for any data set.

    python benchmarks/accuracy.py phantom --count 200
    python benchmarks/accuracy.py spider ../shared/data/spider_sagittal
    python benchmarks/accuracy.py rsna ../shared/data/rsna_study --pictures misses

`phantom` makes synthetic studies no network has learned from, writes them as DICOM, every
second one with stripped headers, and sends the files through the whole chain; a folder, where one
is named, keeps the studies for the next run, of another bundle say. `spider` outlines
the slices of the patients that the bundle's card keeps apart. `rsna` grades one study of the
RSNA 2024 layout against its train.csv. `--bundle` names the bundle, `--json FILE` keeps the
figures. Sizes are compared with the same measurement on the true outlines.
"""

from __future__ import annotations

import argparse
import csv
import json
import secrets
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageDraw
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

from benchmarks.localisation import CONDITIONS, Label, labels_of
from lss_core.dicom.export import Header, StudyHeader, write_series
from lss_core.dicom.reading import read_studies
from lss_core.domain import Condition, Grade, SeriesRole, SiteFinding
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.study import Study, measure_study
from lss_core.settings import get_settings
from lss_core.ui.theme import STRUCTURE_COLOURS
from lss_core.usecases.grading import engine_of
from lss_core.vision.engine import Engine, Graded
from lss_core.vision.segment import Preprocessing, make_segmenter
from lss_core.vision.train.data_config import PhantomData
from lss_core.vision.train.ensemble import figures_of, reliability_of
from lss_core.vision.train.slices import SPIDER_SPACING_MM, SPIDER_STRUCTURES, SliceSet, read_spider
from lss_core.vision.train.sources.base import GradedStudy
from lss_core.vision.train.sources.phantom import Phantoms

FIRST_SEED = 90_000
"""From here on no seed is ever trained on."""
SIZES = {"sac_area_mm2": "share", "canal_ap_mm": "mm", "recess_height_mm": "mm", "foramen_height_mm": "mm"}
"""Measurements that are compared, and how: as a share of the true size, or in mm."""


class Overlap:
    """Dice of each structure over all pixels of all studies."""

    def __init__(self) -> None:
        self.both: dict[str, float] = defaultdict(float)
        self.either: dict[str, float] = defaultdict(float)

    def add(self, plane: str, found: MaskStack, true: MaskStack) -> None:
        """Count the masks of one series."""
        for name in true.structures:
            a, b = found.mask(name), true.mask(name)
            self.both[f"{plane} {name}"] += float((a & b).sum())
            self.either[f"{plane} {name}"] += float(a.sum() + b.sum())

    def dice(self) -> dict[str, float]:
        """What has been counted so far."""
        return {name: round(2 * self.both[name] / max(self.either[name], 1), 4) for name in self.both}


def through_dicom(made: GradedStudy, folder: Path, *, stripped: bool) -> dict[SeriesRole, Volume]:
    """The study's series as the importer reads them from files."""
    header = StudyHeader(name="held-out phantom")
    for number, (role, volume) in enumerate(made.series.items(), start=1):
        kind: Header = "stripped" if stripped else "full"
        write_series(volume, folder / role.value, study=header, role=role, header=kind, number=number)
    return read_series(folder)


def read_series(folder: Path) -> dict[SeriesRole, Volume]:
    """The best series of each role under a folder that holds one study."""
    settings = get_settings()
    batch = read_studies(
        [folder],
        key=secrets.token_bytes(32),
        memory_mb=settings.decode_memory_mb,
        seconds=settings.decode_seconds,
    )
    return {role: series.volume for study in batch.studies for role, series in study.best.items()}


def on_grid_of(volume: Volume, other: Volume, masks: MaskStack) -> MaskStack:
    """Masks of one volume in the order of slices of another that shows the same planes."""
    order = [int(np.abs(other.positions_mm - place).sum(1).argmin()) for place in volume.positions_mm]
    return MaskStack(structures=masks.structures, bits=masks.bits[order])


def on_phantoms(engine: Engine, first: int, count: int, folder: Path | None) -> dict[str, Any]:
    """Dice, errors of sizes, and the figures of each condition."""
    source = Phantoms(PhantomData(kind="phantom", first_seed=first, count=count, folder=folder))
    overlap, errors = Overlap(), defaultdict(list)
    answers: dict[Condition, list[tuple[SiteFinding, Grade]]] = defaultdict(list)
    for number, case in enumerate(source.cases()):
        made = source.study(case)
        assert made.masks is not None, "a phantom has masks"
        with tempfile.TemporaryDirectory() as files:
            series = through_dicom(made, Path(files), stripped=bool(number % 2))
        graded = engine.grade(series)
        true = {role: on_grid_of(series[role], made.series[role], made.masks[role]) for role in series}
        for role, masks in graded.masks.items():
            overlap.add(role.value, masks, true[role])
        for name, error in size_errors(series, graded, true, made):
            errors[name].append(error)
        for finding in graded.findings.sites:
            answers[finding.site.condition].append((finding, Grade(made.grades[finding.site])))
        print(f"\r{number + 1} of {count}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    dice = overlap.dice()
    axial = [value for name, value in dice.items() if name.startswith(SeriesRole.AXIAL_T2.value)]
    return {
        "studies": count,
        "first seed": first,
        "dice": dice,
        "axial structures, mean dice": round(float(np.mean(axial)), 4),
        "median errors": {name: round(float(np.median(values)), 4) for name, values in errors.items()},
        **{condition.value: figures(pairs) for condition, pairs in answers.items()},
    }


def size_errors(
    series: Mapping[SeriesRole, Volume],
    graded: Graded,
    true: Mapping[SeriesRole, MaskStack],
    made: GradedStudy,
) -> Iterable[tuple[str, float]]:
    """(name and unit, error) of each site's sizes."""
    truth = measure_study(
        Study(
            series=series,
            masks=true,
            canal_points_mm=made.canal_points_mm,
            site_points_mm=made.site_points_mm,
        )
    )
    for finding in graded.findings.sites:
        for name, how in SIZES.items():
            said, right = finding.measurements.get(name), truth[finding.site].get(name)
            if said is not None and right:
                error = abs(said - right)
                yield f"{name}, {how}", error / right if how == "share" else error


def figures(pairs: Sequence[tuple[SiteFinding, Grade]]) -> dict[str, Any]:
    """Coverage and why the rest has no grade, then the figures of gradable sites with the calibration
    error of 'moderate or worse'."""
    known = [(one.probabilities, int(grade)) for one, grade in pairs if one.probabilities is not None]
    covered = {
        "sites": len(pairs),
        "coverage": round(len(known) / len(pairs), 4),
        "not gradable": dict(Counter(one.not_gradable.value for one, _ in pairs if one.not_gradable)),
    }
    if not known:
        return covered
    return {
        **covered,
        **figures_of(known),
        "calibration error": reliability_of(known)["calibration error"],
    }


def on_spider(engine: Engine, folder: Path) -> dict[str, Any]:
    """Dice on the patients that the card keeps apart, in the pixels of their own slices."""
    segmenter = make_segmenter(engine.bundle, "sagittal", engine.processor)
    training: Any = engine.bundle.network_card("sagittal").training
    apart = training["apart"]["spider"]
    as_they_are = Preprocessing(spacing_mm=SPIDER_SPACING_MM, largest=segmenter.preprocessing.largest)
    slices = read_spider(folder, segmenter.structures, as_they_are)
    overlap = Overlap()
    for patient in apart:
        own = slices.of_patients([patient])
        true = MaskStack(structures=segmenter.structures, bits=np.stack(own.bits))
        overlap.add(SeriesRole.SAGITTAL_T2.value, segmenter(upright(own)), true)
    known = {f"{SeriesRole.SAGITTAL_T2.value} {name}" for name in SPIDER_STRUCTURES}
    dice = {name: value for name, value in overlap.dice().items() if name in known}
    return {"patients": apart, "dice": dice}


def upright(slices: SliceSet) -> Volume:
    """SPIDER's slices of one patient as a series: head up, the front to the left."""
    count = len(slices.images)
    return Volume(
        voxels=np.stack(slices.images),
        positions_mm=np.array([[number * SPIDER_SPACING_MM, 0.0, 0.0] for number in range(count)]),
        x_axes=np.tile([0.0, 1.0, 0.0], (count, 1)),
        y_axes=np.tile([0.0, 0.0, -1.0], (count, 1)),
        spacing_mm=(SPIDER_SPACING_MM, SPIDER_SPACING_MM),
        thickness_mm=SPIDER_SPACING_MM,
        instance_numbers=tuple(range(1, count + 1)),
        block=np.zeros(count, np.int64),
    )


RSNA_GRADES = {
    "Normal/Mild": (Grade.NONE, Grade.MILD),
    "Moderate": (Grade.MODERATE,),
    "Severe": (Grade.SEVERE,),
}
RSNA_NAMES = {condition: name for name, condition in CONDITIONS.items()}


def on_rsna(engine: Engine, folder: Path, pictures: Path | None) -> dict[str, Any]:
    """Each site's probabilities beside its label, the AUC of 'moderate or worse' over them, and of
    each miss what went wrong.
    """
    series = read_series(folder)
    places = {label.site: label for label in labels_of(folder, series)}
    graded = engine.grade(series)
    with (folder / "train.csv").open(encoding="utf-8") as file:
        labels = {name.lower(): value for name, value in next(csv.DictReader(file)).items()}
    rows, pairs = [], []
    for finding in graded.findings.sites:
        site = finding.site
        parts = [*([site.side.value] if site.side else []), RSNA_NAMES[site.condition], site.level.value]
        label = labels["_".join(parts).lower()]
        if label not in RSNA_GRADES:
            continue
        right = finding.grade in RSNA_GRADES[label]
        row = {
            "site": site.key,
            "label": label,
            "grade": None if finding.grade is None else finding.grade.name.lower(),
            "right": right,
            "probabilities": finding.probabilities and [round(p, 3) for p in finding.probabilities],
            "what went wrong": "" if right else what_went_wrong(finding, places.get(site), series),
        }
        rows.append(row)
        pairs.append((finding, RSNA_GRADES[label][0]))
        print("  ".join(str(value) for value in row.values()))
        if not right and pictures is not None:
            draw(pictures, series, graded, finding, label, places.get(site))
    return {
        "right": sum(bool(row["right"]) for row in rows),
        "sites": rows,
        "all conditions": figures(pairs),
    }


def what_went_wrong(finding: SiteFinding, place: Label | None, series: Mapping[SeriesRole, Volume]) -> str:
    """Whether the site was looked for at the wrong place, and how far each stream was from its label."""
    if finding.point_mm is None or finding.series is None or finding.slice_index is None:
        return finding.note or (finding.not_gradable.value if finding.not_gradable else "")
    said = []
    if place is not None:
        point = float(np.linalg.norm(np.array(finding.point_mm) - place.point))
        away = float(series[finding.series].distances_mm(place.point)[finding.slice_index])
        said.append(f"{point:.1f} mm from the labelled place, slice {away:.1f} mm from it")
    said += [f"{name} {sum(answer[2:]):.2f}" for name, answer in finding.streams.items()]
    sizes = [f"{name} {finding.measurements[name]:.1f}" for name in SIZES if name in finding.measurements]
    return "; ".join([*said, *sizes])


def draw(
    folder: Path,
    series: Mapping[SeriesRole, Volume],
    graded: Graded,
    finding: SiteFinding,
    label: str,
    place: Label | None,
) -> None:
    """A miss: the slice that was judged beside itself with the edges of the outlines in the viewer's
    colours, a ring round the place that was judged and a cross at the labelled one.
    """
    if finding.series is None or finding.slice_index is None or finding.point_mm is None:
        return
    volume, k = series[finding.series], finding.slice_index
    pixels = volume.voxels[k].astype(float)
    grey = (np.clip(pixels / np.percentile(pixels, 99.5), 0, 1) * 255).astype(np.uint8)
    plain, shown = (np.stack([grey] * 3, -1) for _ in range(2))
    masks = graded.masks[finding.series]
    for name in masks.structures:
        mask = masks.mask(name, k)
        shown[mask & ~ndimage.binary_erosion(mask)] = ImageColor.getrgb(STRUCTURE_COLOURS[name])
    enlarged = 2 if max(grey.shape) < 500 else 1
    picture = Image.fromarray(np.concatenate([plain, shown], 1).repeat(enlarged, 0).repeat(enlarged, 1))
    pen = ImageDraw.Draw(picture)
    (row, column), _ = (part[0] * enlarged for part in volume.to_pixel(k, np.array(finding.point_mm)[None]))
    pen.ellipse([column - 20, row - 20, column + 20, row + 20], outline=(255, 200, 0))
    if place is not None:
        (row, column), _ = (part[0] * enlarged for part in volume.to_pixel(k, place.point[None]))
        pen.line([column - 6, row, column + 6, row], fill=(255, 255, 255))
        pen.line([column, row - 6, column, row + 6], fill=(255, 255, 255))
    said = "not gradable" if finding.grade is None else finding.grade.name.lower()
    pen.text((4, 4), f"{finding.site.label}: {said}, labelled {label}", fill=(255, 200, 0))
    pen.text((4, 18), what_went_wrong(finding, place, series), fill=(255, 200, 0))
    folder.mkdir(parents=True, exist_ok=True)
    picture.save(folder / f"{finding.site.key.replace(':', '-')}.png")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=("phantom", "spider", "rsna"))
    parser.add_argument(
        "folder", type=Path, nargs="?", help="where the data set lies, or synthetic ones are kept"
    )
    parser.add_argument("--count", type=int, default=200, help="synthetic studies")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="the first one's seed")
    parser.add_argument("--bundle", help="the bundle's name")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each miss")
    parser.add_argument("--json", type=Path, help="file for the figures")
    asked = parser.parse_args()
    if asked.folder is None and asked.data != "phantom":
        parser.error("spider and rsna need the folder of the data set")
    settings = get_settings()
    engine = engine_of(settings.model_copy(update={"bundle": asked.bundle}) if asked.bundle else settings)
    if asked.data == "phantom":
        found = on_phantoms(engine, asked.first, asked.count, asked.folder)
    else:
        found = (
            on_spider(engine, asked.folder)
            if asked.data == "spider"
            else on_rsna(engine, asked.folder, asked.pictures)
        )
    text = json.dumps({"bundle": engine.bundle.label, asked.data: found}, indent=1)
    print(text)
    if asked.json:
        asked.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
