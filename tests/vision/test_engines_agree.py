"""OpenVINO and torch grade alike, site by site, with the bundle that is shipped.

Both compute in bfloat16, each in its own order, so outlines differ by some pixels of their edges.
Most answers follow smoothly. A few hang on a choice (which slice shows a foramen best, which piece
is the canal), and there a pixel may tip it: that is allowed at two sites of a study at most.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from lss_core.dicom.reading import read_studies
from lss_core.domain import SeriesRole, StudyFindings
from lss_core.imaging.volume import Volume
from lss_core.phantom import make_study
from lss_core.settings import Settings
from lss_core.vision.bundle import find_bundle
from lss_core.vision.engine import Engine

TOLERANCE = 0.05
"""How far apart a site's probabilities may be; docs/speed.md says so."""
TIPPED = 2
PIXELS = 0.01
"""The share of a mask's pixels that may differ, over all structures."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    bundle = find_bundle(Path(__file__).resolve().parents[2] / "models", "lss-small")
    return Engine(bundle, "cpu", cpu_engine="openvino"), Engine(bundle, "cpu", cpu_engine="torch")


def differences(found: StudyFindings, other: StudyFindings) -> dict[str, float]:
    """Of each site: the largest difference of a probability, 1 where only one engine graded it."""
    result = {}
    for one, two in zip(found.sites, other.sites, strict=True):
        assert one.site == two.site
        if (one.probabilities is None) != (two.probabilities is None):
            result[one.site.key] = 1.0
        elif one.probabilities is not None and two.probabilities is not None:
            result[one.site.key] = float(np.abs(np.subtract(one.probabilities, two.probabilities)).max())
    return result


def check(engines: tuple[Engine, Engine], series: Mapping[SeriesRole, Volume]) -> None:
    first, second = (engine.grade(series) for engine in engines)
    for role, masks in first.masks.items():
        differing = np.bitwise_count(masks.bits ^ second.masks[role].bits).sum()
        assert differing <= PIXELS * np.bitwise_count(masks.bits).sum()
    found = differences(first.findings, second.findings)
    assert len(found) >= 20
    assert np.median(list(found.values())) <= TOLERANCE / 4
    assert len({key for key, size in found.items() if size > TOLERANCE}) <= TIPPED, found


@pytest.mark.parametrize("seed", [90000, 90004])
def test_a_phantom_is_graded_alike_by_both_engines(engines: tuple[Engine, Engine], seed: int) -> None:
    check(engines, make_study(seed).series)


def test_the_real_study_is_graded_alike_by_both_engines(
    engines: tuple[Engine, Engine], shared_data: Path
) -> None:
    settings = Settings(_env_file=None)
    batch = read_studies(
        [shared_data / "rsna_study"],
        key=secrets.token_bytes(32),
        memory_mb=settings.decode_memory_mb,
        seconds=settings.decode_seconds,
    )
    check(engines, {role: one.volume for study in batch.studies for role, one in study.best.items()})
