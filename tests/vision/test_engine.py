"""The whole chain on a phantom whose truth is known, with small untrained networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lss_core.domain import (
    LEVELS,
    SITES,
    Condition,
    ForamenStructure,
    Level,
    NotGradable,
    SagittalStructure,
    SeriesRole,
    Side,
    Site,
    Structure,
)
from lss_core.errors import BundleError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.phantom import PhantomOptions, PhantomStudy, make_study
from lss_core.vision import engine as engine_module
from lss_core.vision.bundle import Bundle, Card, load_bundle, write_card, write_network
from lss_core.vision.classify import PRESENCE, PRESENCE_OUTPUTS, SEVERITY_OUTPUTS, severity_name
from lss_core.vision.crops import axial_picture, axial_window
from lss_core.vision.engine import Engine, Graded
from lss_core.vision.ensemble import FEATURES, PARAMETERS
from lss_core.vision.locate import Places, locate
from lss_core.vision.networks import build
from lss_core.vision.segment import AS_IT_IS, VARIATIONS

AXIAL, T1, T2 = SeriesRole.AXIAL_T2, SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2


def card_of(networks: Mapping[str, object], parameters: Mapping[str, object]) -> Card:
    return Card.model_validate(
        {
            "name": "tiny",
            "version": "0",
            "made": "2026-01-01",
            "summary": "untrained",
            "intended_use": "tests",
            "licence": "Apache-2.0",
            "provenance": {},
            "training_data": [],
            "networks": networks,
            "parameters": parameters,
        }
    )


def ensemble() -> dict[str, object]:
    conditions = {
        condition.value: {
            "measurement": {
                "features": list(names),
                "means": [0.0] * len(names),
                "scales": [1.0] * len(names),
                "weights": [0.0] * len(names),
                "cuts": [-1.0, 0.0, 1.0],
            },
            "both": {"weights": {"classification": 0.5, "measurement": 0.5}, "shifts": [0, 0, 0]},
            "alone": {
                name: {"weights": {name: 1}, "shifts": [0, 0, 0]}
                for name in ("classification", "measurement")
            },
        }
        for condition, names in FEATURES.items()
    }
    return {"conditions": conditions}


def write_tiny(folder: Path, parameters: Mapping[str, object]) -> Bundle:
    torch.manual_seed(0)
    networks = {}
    for name, outputs, spacing in (
        ("axial", tuple(Structure), 4.0),
        ("sagittal", tuple(SagittalStructure), 4.0),
    ):
        how = {"spacing_mm": spacing, "percentiles": [1, 99], "largest": [64, 64]}
        card = {"architecture": "unet", "inputs": 1, "outputs": outputs, "base": 4, "preprocessing": how}
        network = build("unet", inputs=1, outputs=len(outputs), base=4)
        networks[name] = write_network(folder, name, network, card)
    for name in (PRESENCE, *map(severity_name, Condition)):
        outputs = PRESENCE_OUTPUTS if name == PRESENCE else SEVERITY_OUTPUTS
        card = {
            "architecture": "regnet_y_400mf",
            "inputs": 3,
            "outputs": outputs,
            "preprocessing": {"pixels": 32, "margin": 0.15, "percentiles": [1, 99]},
        }
        network = build("regnet_y_400mf", inputs=3, outputs=len(outputs))
        networks[name] = write_network(folder, name, network, card)
    write_card(folder, card_of({name: one.model_dump() for name, one in networks.items()}, parameters))
    return load_bundle(folder)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny(tmp_path_factory.mktemp("tiny"), {PARAMETERS: ensemble()})


@pytest.fixture(scope="module")
def phantom() -> PhantomStudy:
    return make_study(3, options=PhantomOptions(sub_slices=1, axial_pixels=192, sagittal_pixels=224))


@pytest.fixture(scope="module")
def knowing(bundle: Bundle, phantom: PhantomStudy) -> Iterator[Engine]:
    """An engine whose outlines and places are the phantom's truth."""

    def outlined(volume: Volume, *, variation: object, progress: object) -> object:
        same = (role for role, one in phantom.series.items() if one.voxels is volume.voxels)
        return phantom.masks[next(same)]

    foramina = {
        site: p for site, p in phantom.site_points_mm.items() if site.condition is Condition.FORAMINAL
    }
    normals = dict.fromkeys(LEVELS, (0.0, 0.0, 1.0))
    places = Places(
        canal_points_mm=phantom.canal_points_mm,
        disc_points_mm=phantom.canal_points_mm,
        disc_normals=normals,
        foramen_points_mm=foramina,
    )
    engine = Engine(bundle, "cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_segmenters", {"axial": outlined, "sagittal": outlined})
        patch.setattr(engine_module, "locate", lambda series, masks: places)
        yield engine


@pytest.fixture(scope="module")
def whole(knowing: Engine, phantom: PhantomStudy) -> tuple[Graded, list[float]]:
    """The whole phantom graded, and the progress that was told."""
    told: list[float] = []
    return knowing.grade(phantom.series, progress=lambda share, what: told.append(share)), told


def reasons(engine: Engine, series: Mapping[SeriesRole, Volume]) -> dict[Site, NotGradable | None]:
    return {finding.site: finding.not_gradable for finding in engine.grade(series).findings.sites}


def test_a_whole_study_has_25_findings_with_their_evidence(
    whole: tuple[Graded, list[float]], phantom: PhantomStudy
) -> None:
    graded, told = whole
    assert tuple(finding.site for finding in graded.findings.sites) == SITES
    assert told == sorted(told)
    assert told[-1] == 1
    seen = [finding for finding in graded.findings.sites if finding.grade is not None]
    assert len(seen) >= 20
    for finding in seen:
        assert finding.series is (T1 if finding.site.condition is Condition.FORAMINAL else AXIAL)
        assert finding.slice_index is not None
        assert finding.point_mm is not None
        volume = phantom.series[finding.series]
        assert volume.distances_mm(np.array(finding.point_mm))[finding.slice_index] < 5
        assert finding.instance_number == volume.instance_numbers[finding.slice_index]
        assert "classification" in finding.streams
    spine = [finding.measurements.keys() & {"lordosis_deg", "cobb_deg"} for finding in seen]
    central = [finding.site.condition is Condition.CENTRAL for finding in seen]
    assert [bool(one) for one in spine] == central
    assert set(graded.masks) == {AXIAL, T1, T2}


def test_each_graded_site_is_explained_by_what_was_seen(
    knowing: Engine, whole: tuple[Graded, list[float]]
) -> None:
    explanations = knowing.explain(whole[0])
    seen = [finding.site for finding in whole[0].findings.sites if finding.grade is not None]
    assert set(explanations) == set(seen)
    for site, one in explanations.items():
        views = 2 if site.side is None else 1  # a central site is seen from both sides
        assert one.stacked.shape == (views, 5, 32, 32)


def test_left_and_right_lie_on_their_sides_of_the_patient(
    whole: tuple[Graded, list[float]], phantom: PhantomStudy
) -> None:
    for finding in whole[0].findings.sites:
        if finding.site.side and finding.point_mm:
            from_canal = finding.point_mm[0] - phantom.canal_points_mm[finding.site.level][0]
            assert from_canal > 2 if finding.site.side is Side.LEFT else from_canal < -2


def test_without_an_axial_series_central_and_recess_say_so(knowing: Engine, phantom: PhantomStudy) -> None:
    found = reasons(knowing, {T1: phantom.series[T1], T2: phantom.series[T2]})
    for site, reason in found.items():
        if site.condition is Condition.FORAMINAL:
            assert reason is None or reason is not NotGradable.SERIES_MISSING
        else:
            assert reason is NotGradable.SERIES_MISSING


def test_without_a_sagittal_series_nothing_is_graded(bundle: Bundle, phantom: PhantomStudy) -> None:
    found = reasons(Engine(bundle, "cpu"), {AXIAL: phantom.series[AXIAL]})
    assert set(found.values()) == {NotGradable.SERIES_MISSING}


def test_axial_slices_far_from_the_discs_are_not_taken(knowing: Engine, phantom: PhantomStudy) -> None:
    far = phantom.series[AXIAL].positions_mm + np.array([0, 0, 400.0])
    found = reasons(knowing, {**phantom.series, AXIAL: replace(phantom.series[AXIAL], positions_mm=far)})
    assert found[Site(condition=Condition.CENTRAL, level=Level.L4_L5)] is NotGradable.NO_SLICE_NEAR


def test_untrained_outlines_find_no_level_and_nothing_is_guessed(
    bundle: Bundle, phantom: PhantomStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "locate", locate)
    findings = Engine(bundle, "cpu").grade(phantom.series).findings
    assert {one.not_gradable for one in findings.sites} == {NotGradable.LEVEL_NOT_FOUND}
    assert findings.sites[0].note == "L1-L2 was not found: no disc was found"


def test_variations_are_outlined_besides_and_change_no_grade(
    knowing: Engine, phantom: PhantomStudy, whole: tuple[Graded, list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def outlined(volume: Volume, *, variation: object, progress: object) -> object:
        seen.append(variation)
        return as_before["axial"](volume, variation=variation, progress=progress)

    as_before: dict[str, Any] = dict(knowing._segmenters)
    monkeypatch.setattr(knowing, "_segmenters", {"axial": outlined, "sagittal": outlined})
    monkeypatch.setattr(knowing, "variations", VARIATIONS[:2])
    findings = knowing.grade(phantom.series).findings
    assert Counter(seen) == dict.fromkeys((AS_IT_IS, *VARIATIONS[:2]), len(phantom.series))
    assert [one.grade for one in findings.sites] == [one.grade for one in whole[0].findings.sites]


def test_a_network_of_their_own_outlines_the_foramina_and_finds_the_slice_that_shows_them(
    knowing: Engine, phantom: PhantomStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    canal = np.array([phantom.canal_points_mm[level] for level in LEVELS])

    def hole(volume: Volume, *, variation: object) -> MaskStack:
        """A round hole of 3 mm, fat but for its upper third; within 16 mm of the canal before flavum."""
        rows, columns = (np.mgrid[:192, :192] - 95.5) * 0.25
        inside = np.broadcast_to(np.hypot(rows, columns) <= 3, volume.shape)
        level = np.abs(volume.centres_mm[:, None, 2] - canal[:, 2] - 7).argmin(1)
        medial = np.abs(volume.centres_mm[:, 0] - canal[level, 0]) < 16
        masks: dict[str, NDArray[np.bool_]] = {
            "fat": inside & (rows > -1),
            "nerve": inside & (rows <= -1),
            "ligament": medial[:, None, None] & (columns > 5) & (columns < 8),
        }
        return MaskStack.from_masks(masks, tuple(ForamenStructure))

    monkeypatch.setattr(knowing, "_segmenters", {**knowing._segmenters, "foramen": hole})
    graded = knowing.grade(phantom.series)
    found = [one for one in graded.findings.sites if one.site.condition is Condition.FORAMINAL]
    step = abs(float(np.diff(phantom.series[T1].positions_mm[:2, 0])[0]))
    for one in found:
        assert one.measurements["foramen_room_mm2"] == pytest.approx(9 * np.pi, rel=0.1)
        assert one.measurements["foramen_clearance_mm"] == pytest.approx(6, abs=0.5)
        assert 0.6 < one.measurements["foramen_fat_mm2"] / one.measurements["foramen_room_mm2"] < 0.8
        assert one.point_mm is not None
        aside = abs(one.point_mm[0] - phantom.canal_points_mm[one.site.level][0])
        assert 16 - 1 <= aside <= 16 + 1 + step  # the first slice without flavum, if a little turned
        drawn = graded.masks[T1].mask(Structure.NEURAL_FORAMEN, one.slice_index or 0)
        (row, column), _ = (
            part[0] for part in phantom.series[T1].to_pixel(one.slice_index or 0, np.array([one.point_mm]))
        )
        assert drawn[round(row), round(column)]


def test_the_right_side_is_pictured_as_the_mirror_of_the_left(phantom: PhantomStudy) -> None:
    volume, masks = phantom.series[AXIAL], phantom.masks[AXIAL]
    point = phantom.canal_points_mm[Level.L4_L5]
    index, _ = volume.nearest_slice(np.array(point))
    left, right = (
        axial_picture(volume, index, axial_window(volume, masks, index, point, side, margin=0.15), 48)
        for side in (Side.LEFT, Side.RIGHT)
    )
    np.testing.assert_allclose(left[:, :, ::-1], right, atol=1e-3)


def test_a_bundle_without_an_ensemble_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="ensemble on its card is missing"):
        Engine(write_tiny(tmp_path, {}), "cpu")
