"""What networks learn from, made of each case once and kept in the work folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from lss_core.measure.study import Study
from lss_core.vision.bundle import Bundle
from lss_core.vision.engine import outlined, segmenting
from lss_core.vision.running import processor_named
from lss_core.vision.segment import Segmenter, make_segmenter
from lss_core.vision.train.left_out import study_or_none
from lss_core.vision.train.outline_plans import outline_plan
from lss_core.vision.train.pictures import (
    Pictures,
    how_many,
    none_yet,
    pictures_of,
    read_pictures,
    write_pictures,
)
from lss_core.vision.train.place import Entry, Place
from lss_core.vision.train.slices import FINER, SliceSet, joined, read_slices, write_slices
from lss_core.vision.train.sources.base import Case, GradedStudy
from lss_core.vision.train.splits import Part

Job = tuple[Path, Callable[[Path], None]]


def prepare(place: Place) -> None:
    """Make the slices and pictures of all cases that need no network. What is there stays."""
    _carried_out(place, [(entry, case, list(_jobs(place, entry, case))) for entry, case in _all(place)])


def prepare_pictures(place: Place, bundle: Bundle) -> None:
    """Make the pictures of real studies, outlined and located by a bundle's networks as at inference."""
    processor = processor_named(place.arithmetic.device.type)
    segmenters = {name: make_segmenter(bundle, name, processor) for name in segmenting(bundle)}
    todo = []
    for entry in place.entries_for("classify"):
        if entry.source.graded and not entry.source.outlined:
            for case in (case for cases in entry.cases.values() for case in cases):
                todo.append((entry, case, [_real_pictures(place, entry, case, segmenters)]))
    _carried_out(place, todo)


def slices_for(place: Place, plane: str, part: Part) -> dict[str, SliceSet]:
    """The slices of a part by entry; entries without any are left out."""
    found = {}
    for entry in _outlining(place, plane):
        sets = [read_slices(_slices_file(place, entry, case, plane)) for case in entry.cases[part]]
        if any(one.images for one in sets):
            found[entry.name] = joined(sets)
    return found


def pictures_for(place: Place, part: Part) -> tuple[Pictures, dict[str, int]]:
    """The pictures of a part, and how many each entry gives."""
    files: list[Path] = []
    counts = {}
    for entry in place.entries_for("classify"):
        if entry.source.graded:
            own = [place.file("pictures", entry, case, ".safetensors") for case in entry.cases[part]]
            files += own
            counts[entry.name] = sum(map(how_many, own))
    return read_pictures(files), counts


def _all(place: Place) -> Iterator[tuple[Entry, Case]]:
    return ((entry, case) for entry in place.entries for cases in entry.cases.values() for case in cases)


def _jobs(place: Place, entry: Entry, case: Case) -> Iterator[Job]:
    for plane in entry.source.planes:
        if entry in _outlining(place, plane):
            yield _slices_file(place, entry, case, plane), _slices_writer(place, entry, case, plane)
    wanted = any(place.config.sections()[name] for name in _CLASSIFIERS)
    if wanted and entry.source.outlined and "classify" in entry.data.use:
        yield place.file("pictures", entry, case, ".safetensors"), _true_pictures(place, entry, case)


_CLASSIFIERS = ("presence", "severity_central", "severity_lateral_recess", "severity_foraminal")


def _outlining(place: Place, plane: str) -> list[Entry]:
    """The entries that a plane's network learns from, where it is trained at all."""
    if place.config.sections()[plane] is None:
        return []
    return [entry for entry in place.entries_for("segment") if plane in entry.source.planes]


def _slices_file(place: Place, entry: Entry, case: Case, plane: str) -> Path:
    return place.file("slices", entry, case, f".{plane}.safetensors")


def _slices_writer(place: Place, entry: Entry, case: Case, plane: str) -> Callable[[Path], None]:
    how = outline_plan(place.config, plane).preprocessing
    how = how.model_copy(update={"spacing_mm": how.spacing_mm / FINER})
    return lambda path: write_slices(path, entry.source.slices(case, plane, how))


def _true_pictures(place: Place, entry: Entry, case: Case) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        graded = entry.source.study(case)
        assert graded.masks is not None, "an outlined study has masks"
        study = Study(
            series=graded.series,
            masks=graded.masks,
            canal_points_mm=graded.canal_points_mm,
            site_points_mm=graded.site_points_mm,
        )
        write_pictures(path, pictures_of(study, graded.grades, _number(entry, case), place.config.pictures))

    return write


def _real_pictures(place: Place, entry: Entry, case: Case, segmenters: dict[str, Segmenter]) -> Job:
    def write(path: Path) -> None:
        graded = study_or_none(place, entry, case)
        if graded is None:
            write_pictures(path, none_yet())
            return
        study = annotated(outlined(graded.series, segmenters)[0], graded)
        write_pictures(path, pictures_of(study, graded.grades, _number(entry, case), place.config.pictures))

    return place.file("pictures", entry, case, ".safetensors"), write


def annotated(study: Study, graded: GradedStudy) -> Study:
    """A study as the networks see it, with what people have annotated in place of what was found."""
    return replace(
        study,
        canal_points_mm={**study.canal_points_mm, **graded.canal_points_mm},
        site_points_mm={**study.site_points_mm, **graded.site_points_mm},
        axial_slices={**(study.axial_slices or {}), **graded.axial_slices},
    )


def _number(entry: Entry, case: Case) -> int:
    every = [one for cases in entry.cases.values() for one in cases]
    return every.index(case)


def _carried_out(place: Place, todo: list[tuple[Entry, Case, list[Job]]]) -> None:
    for number, (entry, _, jobs) in enumerate(todo):
        for path, write in jobs:
            if not path.is_file():
                place.progress(
                    number / len(todo), f"{entry.name}: preparing {number + 1} of {len(todo)} cases"
                )
                write(path)
