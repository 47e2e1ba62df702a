"""The study that test_viewer.py looks at: three series stored in unusual ways, one bright ball.

The ball lies to the patient's left, in front, towards the head; so wherever a series was
stored upside down or mirrored, the ball tells.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.studies import pixel_points, stack
from lss_core.domain import (
    SITES,
    Condition,
    Grade,
    Level,
    NotGradable,
    SagittalStructure,
    SeriesRole,
    Site,
    SiteFinding,
    Structure,
    StudyFindings,
)
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume

BALL_MM = (20.0, -30.0, 24.0)
BALL_RADIUS_MM = 9.0
GRADED_SITE = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
TILTS_DEGREES = (15.0, -20.0)
BLOCK_HEIGHTS_MM = (24.0, -40.0)


def study() -> dict[SeriesRole, Volume]:
    """Sagittal T1 with columns to the front, sagittal T2 lying on its side, tilted axial blocks
    turned by half a turn.
    """
    offsets = [10.0 * k - 40 for k in range(9)]
    sagittal = [(x, 0.0, 0.0) for x in offsets]
    mirrored = ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
    lying = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    empty = {
        SeriesRole.SAGITTAL_T1: stack(sagittal, [mirrored] * 9, size=96, spacing_mm=2.0, thickness_mm=8),
        SeriesRole.SAGITTAL_T2: stack(sagittal, [lying] * 9, size=120, spacing_mm=1.6, thickness_mm=8),
        SeriesRole.AXIAL_T2: _axial(),
    }
    return {role: _with_ball(volume) for role, volume in empty.items()}


def findings() -> StudyFindings:
    """Grades that go round 0 to 3; one site not gradable; GRADED_SITE is at the ball."""
    sites = []
    for number, site in enumerate(SITES):
        grade = Grade(number % 4)
        shares = [0.1, 0.1, 0.1, 0.1]
        shares[grade] = 0.7
        known: dict[str, Any] = {"grade": grade, "probabilities": tuple(shares)}
        if number == 0:
            known = {"not_gradable": NotGradable.NO_SLICE_NEAR, "note": "The nearest slice is 8 mm away"}
        if site == GRADED_SITE:
            known |= {
                "series": SeriesRole.AXIAL_T2,
                "slice_index": 2,
                "instance_number": 3,
                "point_mm": BALL_MM,
            }
        sites.append(SiteFinding(site=site, **known))
    return StudyFindings(levels={}, sites=tuple(sites), bundle="test", seconds=1.0)


def masks(volumes: dict[SeriesRole, Volume]) -> dict[SeriesRole, MaskStack]:
    """The ball as the disc, and everything else as muscle (axial) or vertebra (sagittal)."""
    made = {}
    for role, volume in volumes.items():
        axial = role is SeriesRole.AXIAL_T2
        names = tuple(str(name) for name in (Structure if axial else SagittalStructure))
        ball = volume.voxels > 2000
        rest = "muscle" if axial else "vertebra"
        made[role] = MaskStack.from_masks({"disc": ball, rest: ~ball}, names)
    return made


def _axial() -> Volume:
    """Two blocks of four slices, 5 mm apart along their normals, stored with rows and columns reversed."""
    centres, axes, block = [], [], []
    for number, (tilt, height) in enumerate(zip(TILTS_DEGREES, BLOCK_HEIGHTS_MM, strict=True)):
        down = np.array([0.0, math.cos(math.radians(tilt)), math.sin(math.radians(tilt))])
        to_feet = np.cross(down, [1.0, 0, 0])
        for k in range(4):
            centres.append(tuple(np.array([0.0, 0.0, height]) + (5.0 * k - 7.5) * to_feet))
            axes.append(((-1.0, 0.0, 0.0), tuple(-down)))
            block.append(number)
    return stack(centres, axes, size=96, spacing_mm=2.0, thickness_mm=4, block=block)


def _with_ball(volume: Volume) -> Volume:
    near = np.linalg.norm(pixel_points(volume) - BALL_MM, axis=-1) < BALL_RADIUS_MM
    return volume.with_voxels(np.where(near, 3000, 300).astype(np.int16))
