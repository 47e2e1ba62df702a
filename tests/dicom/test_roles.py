"""The role of a series from geometry, text, timing and image, and from each alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lss_core.dicom.content import look
from lss_core.dicom.roles import Weighting, settle, weigh
from lss_core.dicom.stacks import Plane
from lss_core.domain import SeriesRole
from lss_core.imaging.volume import Volume

MakeVolume = Callable[..., Volume]

GREY = {"t1": (900, 120, 500), "t2": (900, 1100, 400), "t2 fat-suppressed": (60, 1000, 200)}
"""Fat, sac and other tissue as they relate on each contrast."""


@pytest.fixture
def lumbar(volume_of: MakeVolume) -> Callable[[str], Volume]:
    """A drawn sagittal series: air, muscle and bone, a sac 12 mm wide 60 mm deep, fat under the skin."""

    def draw(contrast: str) -> Volume:
        fat, sac, tissue = GREY[contrast]
        depth = 230.0 - np.arange(250) * 1.0
        bend = 10 * np.sin(np.arange(250) / 60)
        away = depth[None, :] - bend[:, None]
        image = np.where((away > 0) & (away < 200), float(tissue), 0.0)
        image[(away > 0) & (away < 14)] = fat
        image[(away > 54) & (away < 66)] = sac
        empty = volume_of(slices=9, size=(250, 250))
        noise = np.random.default_rng(0).normal(0, 15, (9, 250, 250))
        grid = Volume(
            voxels=np.maximum(image + noise, 0).astype(np.int16),
            positions_mm=empty.positions_mm,
            x_axes=empty.x_axes,
            y_axes=empty.y_axes,
            spacing_mm=(1.0, 1.0),
            thickness_mm=4,
            instance_numbers=empty.instance_numbers,
            block=empty.block,
        )
        return grid

    return draw


@pytest.mark.parametrize(
    ("contrast", "role"),
    [
        ("t1", SeriesRole.SAGITTAL_T1),
        ("t2", SeriesRole.SAGITTAL_T2),
        ("t2 fat-suppressed", SeriesRole.SAGITTAL_T2),
    ],
)
def test_a_sagittal_series_without_a_word_is_named_by_its_image(
    contrast: str, role: SeriesRole, lumbar: Callable[[str], Volume]
) -> None:
    assert weigh(lumbar(contrast), Plane.SAGITTAL, {}, several=False).role is role


def test_the_image_is_the_same_turned_round(lumbar: Callable[[str], Volume]) -> None:
    volume = lumbar("t2")
    turned = Volume(
        voxels=volume.voxels[:, :, ::-1],
        positions_mm=volume.positions_mm + volume.x_axes * 249.0,
        x_axes=-volume.x_axes,
        y_axes=volume.y_axes,
        spacing_mm=volume.spacing_mm,
        thickness_mm=volume.thickness_mm,
        instance_numbers=volume.instance_numbers,
        block=volume.block,
    )
    assert look(turned, Plane.SAGITTAL).sac == pytest.approx(look(volume, Plane.SAGITTAL).sac, abs=0.02)


def test_suppressed_fat_is_seen(lumbar: Callable[[str], Volume]) -> None:
    assert look(lumbar("t2"), Plane.SAGITTAL).fat > 0.8
    assert look(lumbar("t2 fat-suppressed"), Plane.SAGITTAL).fat < 0.8


def test_of_two_sagittal_t2_the_one_with_dark_fat_is_the_stir(lumbar: Callable[[str], Volume]) -> None:
    volumes = [lumbar(contrast) for contrast in ("t2 fat-suppressed", "t1", "t2")]
    guesses = [weigh(volume, Plane.SAGITTAL, {}, several=False) for volume in volumes]
    roles = [guess.role for guess in settle(guesses, volumes)]
    assert roles == [SeriesRole.SAGITTAL_STIR, SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2]
    roles = [guess.role for guess in settle(guesses[:2], volumes[:2])]
    assert roles == [SeriesRole.SAGITTAL_T2, SeriesRole.SAGITTAL_T1]


def test_a_series_that_looks_like_a_surer_one_is_what_its_own_text_says(
    lumbar: Callable[[str], Volume],
) -> None:
    volumes = [lumbar("t1"), lumbar("t1")]
    guesses = [
        weigh(volume, Plane.SAGITTAL, {"SeriesDescription": said}, several=False)
        for volume, said in zip(volumes, ("T2", "T1"), strict=True)
    ]
    settled = settle(guesses, volumes)
    assert [guess.role for guess in settled] == [SeriesRole.SAGITTAL_T2, SeriesRole.SAGITTAL_T1]
    assert settled[0].notes == ("taken as T2 by its text, beside another that is T1",)


def axial_through(sagittal: Volume, contrast: str) -> Volume:
    """Axial slices of the drawn patient: the sac where the sagittal has it, other tissue around."""
    _, sac, tissue = GREY[contrast]
    middle = sagittal.centres_mm[len(sagittal.voxels) // 2]
    heights = middle[2] + np.arange(40, -50, -10.0)
    voxels = np.full((len(heights), 200, 200), tissue, np.int16)
    for k, height in enumerate(heights):
        row = round(sagittal.positions_mm[0, 2] - height)
        depth = 60 + 10 * np.sin(row / 60)
        back = sagittal.positions_mm[0, 1] + 230 - depth
        y, x = np.mgrid[:200, :200]
        voxels[k][np.hypot(y - 100 - (back - middle[1]), x - 100) < 8] = sac
    return Volume(
        voxels=voxels,
        positions_mm=np.array([[middle[0] - 100, middle[1] - 100, height] for height in heights]),
        x_axes=np.tile([1.0, 0, 0], (len(heights), 1)),
        y_axes=np.tile([0, 1.0, 0], (len(heights), 1)),
        spacing_mm=(1.0, 1.0),
        thickness_mm=4,
        instance_numbers=tuple(range(len(heights))),
        block=np.zeros(len(heights), np.int64),
    )


@pytest.mark.parametrize(
    ("contrast", "role", "notes"),
    [
        ("t2", SeriesRole.AXIAL_T2, ()),
        ("t1", SeriesRole.OTHER, ("taken as T1, though its text says otherwise",)),
    ],
)
def test_the_sac_of_a_sagittal_shows_where_to_look_on_axial_slices(
    contrast: str, role: SeriesRole, notes: tuple[str, ...], lumbar: Callable[[str], Volume]
) -> None:
    sagittal = lumbar("t2")
    axial = axial_through(sagittal, contrast)
    guesses = [
        weigh(sagittal, Plane.SAGITTAL, {}, several=False),
        weigh(axial, Plane.AXIAL, {"SeriesDescription": "T2"}, several=False),
    ]
    settled = settle(guesses, [sagittal, axial])[1]
    assert (settled.role, settled.notes) == (role, notes)
    timed = weigh(axial, Plane.AXIAL, {"RepetitionTime": "4000", "EchoTime": "100"}, several=False)
    assert settle([guesses[0], timed], [sagittal, axial])[1].role is SeriesRole.AXIAL_T2


@pytest.fixture
def plain(volume_of: MakeVolume) -> Callable[..., Volume]:
    """A series whose image says nothing: noise of a size that may be graded."""
    return lambda plane: volume_of(slices=9, plane=plane, size=(200, 260))


@pytest.mark.parametrize(
    ("plane", "texts", "role"),
    [
        ("sagittal", {"RepetitionTime": "550", "EchoTime": "11"}, SeriesRole.SAGITTAL_T1),
        ("sagittal", {"RepetitionTime": "3400", "EchoTime": "98"}, SeriesRole.SAGITTAL_T2),
        (
            "sagittal",
            {"RepetitionTime": "4000", "EchoTime": "45", "InversionTime": "150"},
            SeriesRole.SAGITTAL_STIR,
        ),
        (
            "sagittal",
            {"RepetitionTime": "2100", "EchoTime": "12", "InversionTime": "860"},
            SeriesRole.SAGITTAL_T1,
        ),
        ("sagittal", {"RepetitionTime": "9000", "EchoTime": "98", "InversionTime": "2500"}, SeriesRole.OTHER),
        ("axial", {"RepetitionTime": "3400", "EchoTime": "98"}, SeriesRole.AXIAL_T2),
        ("axial", {"RepetitionTime": "550", "EchoTime": "11"}, SeriesRole.OTHER),
        ("sagittal", {"SeriesDescription": "t1_tse_sag"}, SeriesRole.SAGITTAL_T1),
        ("sagittal", {"SeriesDescription": "SAG T2 FSE"}, SeriesRole.SAGITTAL_T2),
        ("sagittal", {"ProtocolName": "t2_stir_sag"}, SeriesRole.SAGITTAL_STIR),
        ("sagittal", {"SeriesDescription": "sT2W_TSE"}, SeriesRole.SAGITTAL_T2),
        ("axial", {"SeriesDescription": "T2 ax L-spine"}, SeriesRole.AXIAL_T2),
        ("axial", {"SeriesDescription": "ax t2* gre"}, SeriesRole.OTHER),
        ("axial", {"SeriesDescription": "T2 AX BRAIN"}, SeriesRole.OTHER),
        ("axial", {"SeriesDescription": "T2 AX", "BodyPartExamined": "CSPINE"}, SeriesRole.OTHER),
        ("sagittal", {"SeriesDescription": "T2 localizer"}, SeriesRole.OTHER),
        (
            "sagittal",
            {"SeriesDescription": "T2 dixon", "ImageType": "DERIVED\\PRIMARY\\FAT"},
            SeriesRole.OTHER,
        ),
        ("coronal", {"SeriesDescription": "T2 cor"}, SeriesRole.OTHER),
        ("sagittal", {}, SeriesRole.OTHER),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_text_and_timing_name_a_role(
    plane: str, texts: dict[str, str], role: SeriesRole, plain: Callable[..., Volume]
) -> None:
    volume = plain(plane)
    blank = volume.with_voxels(np.zeros(volume.shape, np.int16))
    assert weigh(blank, Plane(plane), texts, several=False).role is role


def test_an_image_that_contradicts_its_description_wins_and_is_noted(lumbar: Callable[[str], Volume]) -> None:
    guess = weigh(lumbar("t1"), Plane.SAGITTAL, {"SeriesDescription": "T2"}, several=False)
    assert guess.weighting is Weighting.T1
    assert guess.notes == ("taken as T1, though something says T2",)


def test_what_cannot_be_graded_says_why(volume_of: MakeVolume) -> None:
    texts = {"SeriesDescription": "T2"}
    coarse = volume_of(slices=9, size=(20, 20))
    assert weigh(coarse, Plane.SAGITTAL, texts, several=False).notes == ("too coarse or too small to grade",)
    few = volume_of(slices=2, size=(200, 260))
    assert weigh(few, Plane.SAGITTAL, texts, several=False).notes == ("only 2 slices",)
