from __future__ import annotations

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from lss_core.domain import Grade, RaterKind, SagittalStructure, Structure
from lss_core.ui.theme import PALETTES, READER_SYMBOLS, STRUCTURE_COLOURS, Mode, Palette

ROOT = Path(__file__).resolve().parents[2]

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
EYES = {
    "usual": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}

# IEC 61966-2-1 (sRGB to XYZ, D65).
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted(((XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return float((light + 0.05) / (dark + 0.05))


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("eyes", EYES)
def test_the_four_grades_look_different_to_every_eye(palette: Palette, eyes: str) -> None:
    seen = [lab(EYES[eyes] @ linear(colour)) for colour in palette.grades]
    # CIE76; about 2.3 is the least that is seen at all (Mahy et al. 1994).
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 12


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_from_mild_to_severe_the_colours_grow_darker(palette: Palette) -> None:
    lightness = [lab(linear(colour))[0] for colour in palette.grades[1:]]
    assert lightness == sorted(lightness, reverse=True)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_grades_and_text_stand_out_from_the_page(palette: Palette) -> None:
    # WCAG 2.2: 3 for graphical objects, 4.5 for text.
    for grade in Grade:
        assert contrast(palette.grade(grade), palette.background) >= 3
        assert contrast(palette.grade(grade), palette.surface) >= 2.9
    for text in (palette.text, palette.muted, palette.accent):
        assert contrast(text, palette.background) >= 4.5
        assert contrast(text, palette.surface) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_seven_readers_the_model_and_the_reference_have_colours_of_their_own(palette: Palette) -> None:
    readers = [palette.rater(RaterKind.READER, position) for position in range(7)]
    others = [palette.rater(kind) for kind in RaterKind if kind is not RaterKind.READER]
    assert len({*readers, *others}) == 10
    assert len(set(READER_SYMBOLS)) == len(palette.readers) == 8


def test_every_structure_has_a_colour_and_those_of_one_plane_differ() -> None:
    for structures in (Structure, SagittalStructure):
        colours = [STRUCTURE_COLOURS[name] for name in structures]
        assert len(set(colours)) == len(colours)


def test_the_server_s_configuration_has_the_same_colours() -> None:
    themes = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    for mode in Mode:
        palette, theme = PALETTES[mode], themes[mode.value]
        assert theme["primaryColor"] == palette.accent
        assert theme["backgroundColor"] == palette.background
        assert theme["secondaryBackgroundColor"] == palette.surface
        assert theme["textColor"] == palette.text
        assert theme["borderColor"] == palette.border
