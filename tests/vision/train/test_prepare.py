"""Pictures of real studies: outlined and located by networks, places believed where people gave them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lss_core.dicom.export import StudyHeader, write_series
from lss_core.domain import Condition, Level, Side, Site
from lss_core.errors import TrainingError
from lss_core.measure.study import Study
from lss_core.phantom import PhantomOptions, make_study
from lss_core.settings import get_settings
from lss_core.usecases.training import Reader
from lss_core.vision.bundle import load_bundle
from lss_core.vision.train.config import load_config
from lss_core.vision.train.left_out import left_out
from lss_core.vision.train.pictures import NONE_OR_MILD, NOT_ANNOTATED, UNKNOWN, Pictures
from lss_core.vision.train.place import Place, placed
from lss_core.vision.train.prepare import annotated, pictures_for, prepare, prepare_pictures, slices_for
from lss_core.vision.train.sources.base import GradedStudy
from lss_core.vision.train.splits import Part

SHIPPED = Path(__file__).resolve().parents[3] / "models" / "lss-small"
HEAD = 'name = "x"\nlicence = "MIT"\noutput = "o"\nwork = "w"\n[presence]\n[[data]]\npart = "train"\n'
PHANTOM = 'kind = "phantom"\ncount = 1'


def place_of(folder: Path, data: str) -> Place:
    (folder / "x.toml").write_text(f'start_from = "{SHIPPED}"\n{HEAD}{data}\n')
    return placed(load_config(folder / "x.toml"), Reader(settings=get_settings()))


def pictures_in(place: Place) -> Pictures:
    prepare(place)
    prepare_pictures(place, load_bundle(SHIPPED))
    return pictures_for(place, Part.TRAIN)[0]


@pytest.mark.slow
def test_a_csv_beside_dicom_becomes_pictures_with_grades_and_what_cannot_be_read_is_left_out(
    tmp_path: Path,
) -> None:
    made = make_study(7, options=PhantomOptions(sub_slices=1))
    for number, (role, volume) in enumerate(made.series.items(), start=1):
        write_series(
            volume,
            tmp_path / "studies" / "a" / role.value,
            study=StudyHeader(name="a"),
            role=role,
            number=number,
        )
    (tmp_path / "studies" / "empty").mkdir()
    rows = ("a,central:L3_L4,2", "a,lateral_recess:L3_L4:right,3", "empty,central:L3_L4,2")
    (tmp_path / "grades.csv").write_text("\n".join(["case,site,grade", *rows]) + "\n")
    data = 'kind = "grades"\nname = "g"\ncsv = "grades.csv"\ndicom = "studies"\nlicence = "MIT"'
    place = place_of(tmp_path, data)
    pictures = pictures_in(place)
    assert len(pictures) == 1  # of the one level with a grade
    assert left_out(place) == {"g": 1}
    assert "holds 0 studies" in (tmp_path / "w" / "left-out" / "g" / "empty.txt").read_text()
    assert pictures.images.std() > 10
    left, right = pictures.grades[0].tolist()
    assert left == [2, NOT_ANNOTATED, UNKNOWN]
    assert right == [2, 3, UNKNOWN]


@pytest.mark.slow
def test_the_shared_rsna_study_becomes_pictures_without_a_negative(shared_data: Path, tmp_path: Path) -> None:
    pictures = pictures_in(place_of(tmp_path, f'kind = "rsna"\nfolder = "{shared_data / "rsna_study"}"'))
    assert len(pictures) >= 10  # of 15; what cannot be cropped is left out
    assert set(np.unique(pictures.grades)) == {NONE_OR_MILD, UNKNOWN, 2, 3}


def test_what_people_have_annotated_stands_in_place_of_what_was_found() -> None:
    foramen = Site(condition=Condition.FORAMINAL, level=Level.L5_S1, side=Side.LEFT)
    found = Study(
        series={},
        masks={},
        canal_points_mm={Level.L4_L5: (0.0, 0, 0), Level.L5_S1: (1.0, 0, 0)},
        axial_slices={Level.L4_L5: 3, Level.L5_S1: 9},
    )
    told = GradedStudy(
        series={},
        grades={},
        canal_points_mm={Level.L4_L5: (5.0, 5, 5)},
        site_points_mm={foramen: (2.0, 2, 2)},
        axial_slices={Level.L4_L5: 4},
    )
    study = annotated(found, told)
    assert study.canal_points_mm == {Level.L4_L5: (5, 5, 5), Level.L5_S1: (1, 0, 0)}
    assert study.axial_slices == {Level.L4_L5: 4, Level.L5_S1: 9}
    assert study.site_points_mm == {foramen: (2, 2, 2)}


def test_phantoms_that_show_only_foramina_give_a_picture_of_each(tmp_path: Path) -> None:
    data = 'kind = "phantom"\ncount = 1\nuse = ["segment", "classify"]\nonly_foramina = true\n'
    size = "severity_scale = 1.5\nsub_slices = 1\nsagittal_pixels = 128\n"
    place = place_of(tmp_path, data + size + "[segment.foramen]\n")
    prepare(place)
    outlined = slices_for(place, "foramen", Part.TRAIN)["phantom"]
    assert [image.shape for image in outlined.images] == [(192, 192)] * 40  # two slices, T1 and T2
    free = [((bits & 3) != 0)[72:120, 72:120].mean() for bits in outlined.bits]
    assert np.median(free) > 0.1  # fat or nerve in the middle
    pictures = pictures_for(place, Part.TRAIN)[0]
    made = make_study(0, options=PhantomOptions(severity_scale=1.5, only_foramina=True))
    foramina = [site for site in made.grades if site.condition is Condition.FORAMINAL]
    assert len(pictures) == len(foramina) == 10
    assert (pictures.grades[..., :2] == UNKNOWN).all()
    assert sorted(pictures.grades[:, 0, 2]) == sorted(int(made.grades[site]) for site in foramina)


@pytest.mark.parametrize("made_as", [1, None])
def test_a_work_folder_whose_slices_were_made_otherwise_is_refused(
    tmp_path: Path, made_as: int | None
) -> None:
    place = place_of(tmp_path, PHANTOM)
    run = place.work / "run.json"
    begun = json.loads(run.read_text())
    assert place_of(tmp_path, PHANTOM).work == place.work
    run.write_text(json.dumps({**begun, "made_as": made_as} if made_as else {"name": begun["name"]}))
    with pytest.raises(
        TrainingError, match=r"^w: another version .* made its slices otherwise.*another work folder"
    ):
        place_of(tmp_path, PHANTOM)
