"""Drawings of what the grades of the scheme mean: sketches of our own, one a condition and grade.

Central canal and lateral recess are seen in axial section, front at the top; the foramen from the side. Grey
is bone and disc, light blue the fluid of the sac, yellow fat, red nerve roots.
"""

from __future__ import annotations

import base64
from math import sqrt

from lss_core.domain import Condition, Grade

_BONE, _DISC, _FLUID, _FAT, _ROOT = "#8a94a0", "#b9c0c8", "#9cc9ee", "#ecd680", "#c8453f"

SAC_LEFT = {Grade.NONE: 1.0, Grade.MILD: 0.8, Grade.MODERATE: 0.5, Grade.SEVERE: 0.22}
"""Share of the sac's area that is left, within what the default scheme says of each grade."""

RECESS_GAP = {Grade.NONE: 26, Grade.MILD: 17, Grade.MODERATE: 12, Grade.SEVERE: 7}
FAT_RING = {Grade.NONE: (9, 9), Grade.MILD: (9, 0), Grade.MODERATE: (0, 0), Grade.SEVERE: (0, 0)}
"""Width of the fat in front of and behind the root, and above and below it."""


def drawing(condition: Condition, grade: Grade) -> str:
    """The sketch as an SVG image, 120 x 90."""
    inner = {
        Condition.CENTRAL: _central,
        Condition.LATERAL_RECESS: _recess,
        Condition.FORAMINAL: _foramen,
    }[condition](grade)
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90" viewBox="0 0 120 90">'
    return f'{head}<rect width="120" height="90" fill="#12161c"/>{inner}</svg>'


def as_source(svg: str) -> str:
    """An SVG image as what an <img> takes."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _ellipse(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{wide:.1f}" ry="{high:.1f}" fill="{colour}"/>'


def _central(grade: Grade) -> str:
    """Disc, arch, and between them the sac, smaller with the grade, its roots closer together."""
    size = sqrt(SAC_LEFT[grade])
    roots = [(-9, 3), (-4, 6), (4, 6), (9, 3), (-6, -2), (6, -2)]
    shape = 'd="M30 38 Q60 30 90 38 L78 74 Q60 86 42 74 Z" fill="#12161c"'
    canal = f'<path {shape} stroke="{_BONE}" stroke-width="5"/>'
    dots = "".join(_ellipse(60 + x * size, 53 + y * size, 1.8, 1.8, _ROOT) for x, y in roots)
    return _ellipse(60, 14, 46, 22, _DISC) + canal + _ellipse(60, 53, 22 * size, 14 * size, _FLUID) + dots


def _recess(grade: Grade) -> str:
    """The gap between disc and facet beside the sac, and the root in it: free, close, touched, compressed."""
    gap = RECESS_GAP[grade]
    flat = min(7.0, gap / 2)
    facet = f'<path d="M52 {36 + gap} L118 {36 + gap} L118 90 L64 90 Z" fill="{_BONE}"/>'
    disc = f'<path d="M0 0 L120 0 L120 36 Q60 30 0 36 Z" fill="{_DISC}"/>'
    root = _ellipse(80, 34 + gap / 2 + 1, 7 + (7 - flat), flat, _ROOT)
    return disc + facet + _ellipse(26, 60, 24, 20, _FLUID) + root


def _foramen(grade: Grade) -> str:
    """The root in the foramen's fat, which goes on two sides, then on all, then the root loses its form."""
    across, along = FAT_RING[grade]
    wide, high = (11, 13) if grade is not Grade.SEVERE else (13, 6)
    wall = f'<path d="M36 2 Q100 0 102 34 Q102 66 78 88 L36 88 Z" fill="{_BONE}"/>'
    fat = "" if across == along == 0 else _ellipse(66, 36, wide + across, high + along, _FAT)
    room = _ellipse(66, 36, wide + across + 1, high + along + 1, "#12161c")
    body = f'<rect x="0" y="8" width="36" height="74" rx="6" fill="{_DISC}"/>'
    return body + wall + room + fat + _ellipse(66, 36, wide, high, _ROOT)
