"""Draws one synthetic patient at random: sizes, curvature and disease.

Means and spreads follow: vertebral bodies, pedicles and canal, Panjabi et al. 1992
(Spine 17:299) and Zhou et al. 2000 (Eur Spine J 9:242); disc heights, Shao et al. 2002
(Spine 27:263); lordosis, Been and Kalichman 2014 (Spine J 14:87) and Andreasen et al.
2007 for supine MRI; dural sac areas, Schonstrom et al. 1985 and Pierro et al. 2017;
ligamentum flavum 2 to 5 mm, Altinkaya et al. 2011 (Spine 36:E398); foramina 18 to 22 mm
high, Torun et al. 2006; transitional vertebrae in about one of ten, Konin and Walz 2010.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lss_core.domain import LEVELS, Condition, Side, Site
from lss_core.phantom.anatomy import (
    LEVEL_BELOW,
    NAMES,
    SIGNS,
    Anatomy,
    Disc,
    Protrusion,
    Room,
    Vertebra,
    healthy_disc,
)
from lss_core.phantom.frames import Curve, Frame, Vector

_HALF_WIDTH = (15, 16, 18, 20, 21, 22, 23, 24.5, 25.5, 26, 21, 17, 13)
_HALF_DEPTH = (13, 14, 15, 15.5, 16.5, 17, 17.3, 17.5, 17.5, 16.5, 11, 8, 6)
_HEIGHT = (21, 22, 22.5, 24, 26, 27, 27.5, 27.5, 27, 29, 24, 20, 17)
_DISC = (4.5, 5, 5.5, 6.5, 8, 9.3, 10.3, 11, 10, 2.6, 1.6, 1.2)
_PITCH = (4, 9, 13, 15, 14, 11, 4, -6, -20, -38, -42, -30, -10)
_CANAL_WIDTH = (10.5, 10.5, 11, 11.5, 11.8, 11.9, 12.2, 12.8, 13.8, 15, 11, 8, 5)
_CANAL_DEPTH = (8, 8, 8, 8.3, 9.2, 9.2, 9.1, 9.4, 9.7, 8.5, 6, 4.5, 3)
_SAC_WIDTH = (7.5, 7.6, 8, 8.8, 9.4, 9.2, 9.0, 8.9, 8.3, 6.8, 4.2, 0.3, 0.1)
_SAC_DEPTH = (6.6, 6.6, 6.9, 7.3, 7.7, 7.4, 7.2, 7.2, 6.7, 5.4, 3.4, 0.3, 0.1)
_PEDICLE = (4, 4, 4.3, 4.4, 4.5, 4.6, 5.2, 6.6, 8.6)


def draw_severities(rng: np.random.Generator) -> dict[Site, float]:
    """A severity from 0 to 1 for each site, worse in the lower back as in patients."""
    burden = rng.beta(1.6, 1.6)
    severities = {}
    for condition in Condition:
        for n, level in enumerate(LEVELS):
            shared = rng.normal()
            for side in (None,) if condition is Condition.CENTRAL else tuple(Side):
                draw = 0.6 * shared + 0.8 * rng.normal() if side else rng.normal()
                where = (-0.25, -0.1, 0.05, 0.2, 0.05)[n]
                value = 0.36 + 0.34 * draw + 0.75 * (burden - 0.5) + where
                severities[Site(condition=condition, level=level, side=side)] = float(np.clip(value, 0, 1))
    return severities


def draw_anatomy(rng: np.random.Generator, severities: Mapping[Site, float]) -> Anatomy:
    """A patient with the given severities at the 25 sites."""
    size = float(np.clip(rng.normal(1, 0.07), 0.85, 1.17))
    transitional = str(rng.choice(["", "sacralised L5", "lumbarised S1"], p=[0.92, 0.04, 0.04]))
    n = len(NAMES)
    scale = (
        size
        * np.clip(rng.normal(1, 0.035, (7, n)), 0.9, 1.1)
        * np.clip(rng.normal(1, 0.04, (7, 1)), 0.88, 1.12)
    )
    width, depth, height = (
        np.array(t) * s for t, s in zip((_HALF_WIDTH, _HALF_DEPTH, _HEIGHT), scale, strict=False)
    )
    discs = np.array(_DISC) * scale[3, 1:] * np.clip(rng.normal(1, 0.1, n - 1), 0.7, 1.3)
    degeneration = _draw_degeneration(rng, severities)
    discs[:9] *= 1 - 0.5 * np.clip(degeneration[:9] - 0.35, 0, 1)
    if transitional == "sacralised L5":
        discs[8] *= 0.5
    elif transitional == "lumbarised S1":
        discs[9] *= 2.5
    vertebrae, frames = _chain(rng, width, depth, height, discs, size)
    spread = scale[4:6] / size * np.sqrt(size)
    canal = np.stack([np.array(_CANAL_WIDTH), np.array(_CANAL_DEPTH)]) * (0.5 + 0.5 * spread)
    shrink = np.clip(rng.normal(1, 0.07), 0.84, 1.12)  # congenitally narrow or wide
    canal *= shrink
    vertebrae, curve, s_discs = _canal(rng, vertebrae, frames, canal, float(shrink * np.sqrt(size)))
    made = []
    for i in range(n - 1):
        made.append(
            _disc(
                rng,
                i,
                vertebrae,
                frames[i],
                float(s_discs[i]),
                float(discs[i]),
                float(degeneration[i]),
                curve,
            )
        )
    diseased = [_disease(rng, disc, severities) for disc in made]
    conus = vertebrae[4].s + rng.normal(-6, 11)
    return Anatomy(
        vertebrae=tuple(vertebrae),
        discs=tuple(diseased),
        curve=curve,
        conus_s=float(conus),
        roots=rng.random((26, 6)),
        size=size,
        fat_mm=float(rng.gamma(4, 5.5) + 5),
        muscle_fat=float(np.clip(rng.beta(1.6, 3) + 0.05, 0, 0.8)),
        flow=float(rng.random()),
        transitional=transitional,
        habitus=rng.random(16),
    )


def _draw_degeneration(rng: np.random.Generator, severities: Mapping[Site, float]) -> Vector:
    values = np.clip(rng.normal(0.3, 0.25) + rng.normal(0, 0.15, len(NAMES) - 1), 0, 1)
    for index, level in LEVEL_BELOW.items():
        worst = np.mean([s for site, s in severities.items() if site.level is level])
        values[index] = np.clip(0.9 * worst + rng.normal(0.12, 0.22), 0, 1)
    result: Vector = values
    return result


def _axes(pitch: float, roll: float, turn: float) -> Vector:
    """Rows left, back, up of a frame: pitch about x, roll about y, turn about its own axis."""
    up = np.array([np.sin(roll), np.sin(pitch) * np.cos(roll), np.cos(pitch) * np.cos(roll)])
    left = np.array([np.cos(turn), np.sin(turn), 0.0])
    left -= (left @ up) * up
    left /= np.linalg.norm(left)
    result: Vector = np.stack([left, np.cross(up, left), up])
    return result


def _chain(
    rng: np.random.Generator, width: Vector, depth: Vector, height: Vector, discs: Vector, size: float
) -> tuple[list[Vertebra], list[Frame]]:
    """Bodies and disc frames, stacked along the sagittal curve from T9 to S4."""
    n = len(NAMES)
    pitch = np.radians(np.array(_PITCH) * np.clip(rng.normal(1, 0.28), 0.45, 1.6) + rng.normal(0, 3))
    pitch += np.radians(rng.normal(0, 1.2, n))
    amplitude = np.radians(abs(rng.normal(0, 2.2))) * rng.choice([-1, 1])
    wave = np.sin(np.arange(n) / rng.uniform(1.5, 3) + rng.uniform(0, 6))
    taper_off = np.array([1.0] * 8 + [0.7, 0.3, 0.1, 0, 0])
    roll, turn = amplitude * wave * taper_off, -0.7 * amplitude * wave * taper_off
    axes = [_axes(pitch[i], roll[i], turn[i]) for i in range(n)]
    middles = [
        _axes((pitch[i] + pitch[i + 1]) / 2, (roll[i] + roll[i + 1]) / 2, (turn[i] + turn[i + 1]) / 2)
        for i in range(n - 1)
    ]
    slips = np.zeros(n - 1)
    for i in range(4, 9):
        if rng.random() < 0.07:
            slips[i] = rng.normal(-2.5, 3.0)  # the bones above move to the front (or back)
    points, frames = [np.zeros(3)], []
    for i in range(n - 1):
        middle = points[i] - axes[i][2] * height[i] / 2 - middles[i][2] * discs[i] / 2
        frames.append(Frame(origin=middle, axes=middles[i]))
        below = middle - middles[i][2] * discs[i] / 2 - axes[i + 1][2] * height[i + 1] / 2
        points.append(below - slips[i] * middles[i][1] + _seat(i, depth, axes))
    shift = -points[6]
    frames = [Frame(origin=f.origin + shift, axes=f.axes) for f in frames]
    wedge = np.where(np.arange(n) < 8, 0.02, 0.08) + rng.normal(0, 0.02, n)
    return [
        Vertebra(
            name=NAMES[i],
            frame=Frame(origin=points[i] + shift, axes=axes[i]),
            s=0.0,
            half_width=float(width[i]),
            half_depth=float(depth[i]),
            height=float(height[i]),
            taper=0.22 if i == 9 else 0.12 if i > 9 else 0.0,
            wedge=float(wedge[i]),
            cavity=0.0 if i > 8 else float(np.clip(rng.normal(1.8, 0.6), 0.5, 3.5)),
            pedicle=float((_PEDICLE[i] if i < 9 else 9) * size),
            canal_depth=0.0,
            spinous=float(
                np.clip(rng.normal((26, 26, 25, 25, 27, 29, 30, 28, 22, 9, 7, 4, 2)[i], 2), 1, 40) * size
            ),
            tilt=float(rng.normal(0, 1)),
        )
        for i in range(n)
    ], frames


def _seat(i: int, depth: Vector, axes: list[Vector]) -> Vector:
    """Shift of the lower body so that the posterior walls of two bodies meet."""
    result: Vector = (depth[i] - depth[i + 1]) * axes[i + 1][1]
    return result


def _canal(
    rng: np.random.Generator, vertebrae: list[Vertebra], frames: list[Frame], canal: Vector, scale: float
) -> tuple[list[Vertebra], Curve, Vector]:
    """The canal's curve behind bodies and discs, with its sizes; and where each disc is on it."""
    nodes, sizes = [], []
    for i, bone in enumerate(vertebrae):
        nodes.append(bone.frame.point(0, bone.half_depth + canal[1, i], 0))
        sizes.append(i)
        if i < len(frames):
            back = (bone.half_depth + vertebrae[i + 1].half_depth) / 2 if i != 8 else bone.half_depth * 0.98
            nodes.append(frames[i].point(0, back + (canal[1, i] + canal[1, i + 1]) / 2, 0))
    line = np.array(nodes)[::-1]
    s = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    sac = (
        np.stack([1.08 * np.array(_SAC_WIDTH), 1.05 * np.array(_SAC_DEPTH)])
        * scale
        * np.clip(rng.normal(1, 0.05), 0.85, 1.15)
    )
    sac[:, 8:] *= np.interp(np.arange(5), (0, 1), rng.uniform(0.72, 1.05) ** np.array((0.5, 1)))  # its taper
    at_bones = s[::-1][::2][::-1]
    alpha = np.radians(np.array([34, 34, 34, 34, 35, 36, 38, 40, 42, 44, 44, 44, 44]) + rng.normal(0, 1.5))
    values = {
        name: np.interp(s, at_bones, table[::-1])
        for name, table in {
            "width": canal[0],
            "depth": canal[1],
            "sac_width": sac[0],
            "sac_depth": sac[1],
            "alpha": alpha,
            "spinous": np.array([bone.spinous for bone in vertebrae]),
            "sac_back": np.array([0, 0, 0, 0, 0, 0.2, 0.2, 0.3, 0.9, 1.2, 1.0, 0, 0]) * rng.uniform(0.3, 1.6)
            - 0.7,
        }.items()
    }
    curve = Curve.through(s, line, values)
    s = s[::-1]
    seated = [
        replace(bone, s=float(s[2 * i]), canal_depth=float(canal[1, i])) for i, bone in enumerate(vertebrae)
    ]
    return seated, curve, s[1::2]


def _disc(
    rng: np.random.Generator,
    i: int,
    bones: list[Vertebra],
    frame: Frame,
    s: float,
    height: float,
    degeneration: float,
    curve: Curve,
) -> Disc:
    above, below = bones[i], bones[i + 1]
    back = above.half_depth if i == 8 else (above.half_depth + below.half_depth) / 2
    cos = float(np.clip(above.frame.axes[1] @ below.frame.axes[2], -1, 1))
    top = above.s - 0.06 * above.height - s
    bottom = below.s + (0.42 if i < 8 else 0.36) * below.height - s
    lumbar = min(max(i - 4, 0), 5)
    return Disc(
        level=LEVEL_BELOW.get(i),
        frame=frame,
        s=s,
        half_width=(above.half_width + below.half_width) / 2 + 0.5,
        half_depth=back,
        height=height,
        opening=float(np.arcsin(cos)),
        cavity=(above.cavity + below.cavity) / 2,
        degeneration=degeneration,
        alpha=curve.value("alpha", s),
        beta=float(np.radians(28 + 6 * lumbar + rng.normal(0, 4))),
        canal_width=curve.value("width", s),
        canal_depth=curve.value("depth", s),
        root_radius=float((1.9, 1.9, 2.1, 2.3, 2.6, 2.9)[lumbar] * rng.uniform(0.9, 1.1)),
        foramen_top=top,
        foramen_bottom=bottom,
    )


def _disease(rng: np.random.Generator, disc: Disc, severities: Mapping[Site, float]) -> Disc:
    """Deform a disc's surroundings by the severities of its five sites."""
    disc = healthy_disc(disc)
    if disc.level is None:
        return replace(disc, bulge=1.5 * disc.degeneration)
    at = {
        (site.condition, site.side): value for site, value in severities.items() if site.level is disc.level
    }
    central = 1.7 * at[Condition.CENTRAL, None] ** 2
    mix = rng.dirichlet([1.5, 1.0, 1.5])  # bulge, protrusion, flavum
    bulge = 0.6 * disc.degeneration + central * (0.7 + 4.5 * mix[0])
    protrusions = []
    if mix[1] > 0.3 and central > 0.3:
        protrusions.append(
            Protrusion(
                u=float(rng.normal(0, 2.5)),
                up=float(rng.normal(-1, 2.5)),
                depth=float(central * (2 + 8 * mix[1])),
                width=float(rng.uniform(2.8, 5)),
                height=float(disc.height / 2 + rng.uniform(0, 3)),
            )
        )
    flavum, facet, room = {}, {}, {}
    stiffness = 2.0 * disc.root_radius - 0.6  # mm of height that one part of growth takes
    taken = bulge + central * (0.8 + 2.7 * mix[2])
    for side, sign in SIGNS.items():
        recess = max(_recess_loss(disc, at[Condition.LATERAL_RECESS, side]) - taken, 0.0) / stiffness
        split = rng.random()
        flavum[side] = float(2.6 + central * (0.5 + 4.2 * mix[2]) + 1.6 * recess * split + rng.normal(0, 0.2))
        facet[side] = float(np.clip(2.6 * recess * split + 0.6 * central + rng.normal(0, 0.2), 0, 5))
        if recess * (1 - split) > 0.12:
            protrusions.append(
                Protrusion(
                    u=float(sign * (disc.recess_u - rng.uniform(0.5, 3))),
                    up=float(rng.normal(-1, 1.5)),
                    depth=float(4.0 * recess * (1 - split)),
                    width=float(rng.uniform(2.4, 4)),
                    height=float(disc.height / 2 + rng.uniform(0, 2)),
                )
            )
        room[side] = _foramen_room(rng, disc.root_radius, at[Condition.FORAMINAL, side])
    return replace(
        disc,
        bulge=float(bulge),
        protrusions=tuple(protrusions),
        flavum=flavum,
        facet=facet,
        foramen_room=room,
    )


def _recess_loss(disc: Disc, severity: float) -> float:
    """How much of a recess's height (mm) a severity takes: all of it at 1, and slowly near 2 to 3 mm."""
    left = np.interp(severity, (0, 0.2, 0.5, 0.65, 0.9, 1), (disc.recess_height, 7, 4.2, 3.1, 2.2, -1))
    return float(max(disc.recess_height - left, 0))


def _foramen_room(rng: np.random.Generator, radius: float, severity: float) -> Room:
    """What a severity leaves around a root: the fat is gone (Lee et al. 2010) from two opposing
    directions from 0.55 on, from all four from 0.74, and the root loses its form from 0.92.
    """
    steps = (0, 0.45, 0.55, 0.66, 0.74, 0.84, 0.92, 1)
    first = np.interp(severity, steps, (5, 2.3, 1.1, 0.4, 0.3, 0.2, -0.4 * radius, -0.8 * radius))
    second = np.interp(severity, steps, (5, 3.5, 2.9, 2.2, 1.1, 0.3, 0.2, -0.4 * radius))
    beside, above = (first, second) if rng.random() < 0.6 else (second, first)
    return Room(beside=float(beside), above=float(above), front=float(rng.uniform(0.2, 0.8)))
