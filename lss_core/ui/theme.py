"""The one place for colours: four grades, raters, structures, surfaces; dark and light.

Colours are never the only sign: a grade also shows its digit, a rater its symbol.
`tests/ui/test_theme.py` holds the grades apart for colour-blind eyes and in contrast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from lss_core.domain import Grade, RaterKind, SagittalStructure, Structure


class Mode(StrEnum):
    """The look of the pages: dark as in a reading room, or light by choice."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of one mode as '#rrggbb'. `grades` is by Grade, `readers` by position."""

    background: str
    surface: str
    border: str
    text: str
    muted: str
    accent: str
    warning: str
    grades: tuple[str, str, str, str]
    not_gradable: str
    model: str
    reference: str
    adjudicator: str
    readers: tuple[str, ...]

    def grade(self, grade: Grade | None) -> str:
        """The colour of a grade, or of 'not gradable'."""
        return self.not_gradable if grade is None else self.grades[grade]

    def rater(self, kind: RaterKind, position: int = 0) -> str:
        """The colour of a rater; readers are told apart by their position in the list."""
        if kind is RaterKind.READER:
            return self.readers[position % len(self.readers)]
        return {
            RaterKind.MODEL: self.model,
            RaterKind.REFERENCE: self.reference,
            RaterKind.ADJUDICATOR: self.adjudicator,
        }[kind]


PALETTES: Mapping[Mode, Palette] = {
    Mode.DARK: Palette(
        background="#0e1116",
        surface="#171b22",
        border="#2b323c",
        text="#d9dee5",
        muted="#8b95a3",
        accent="#6ea8dc",
        warning="#e0b050",
        grades=("#7389a0", "#f0d26a", "#e8853d", "#d23f57"),
        not_gradable="#565d68",
        model="#5aa9ff",
        reference="#ffffff",
        adjudicator="#b9a6e8",
        readers=("#ee8866", "#eedd88", "#44bb99", "#ffaabb", "#99ddff", "#bbcc33", "#c79ae0", "#aaaa55"),
    ),
    Mode.LIGHT: Palette(
        background="#ffffff",
        surface="#f4f6f8",
        border="#d5dae1",
        text="#1c232c",
        muted="#5d6875",
        accent="#1f5f9e",
        warning="#8a6100",
        grades=("#5f7488", "#b58900", "#a8430f", "#760c34"),
        not_gradable="#9aa2ac",
        model="#0b5cad",
        reference="#000000",
        adjudicator="#5b3fa8",
        readers=("#cc6677", "#117733", "#882255", "#0e8577", "#aa4499", "#7d7d1e", "#332288", "#a8602a"),
    ),
}

READER_SYMBOLS = ("circle", "square", "triangle-up", "triangle-down", "pentagon", "hexagon", "star", "x")
"""Plotly's names of the readers' markers, by position."""

MODEL_SYMBOL = "diamond"
"""Plotly's name of the model's marker."""

STRUCTURE_COLOURS: Mapping[str, str] = {
    Structure.DISC: "#e69f00",
    Structure.DURAL_SAC: "#56b4e9",
    Structure.NERVE: "#f7f056",
    Structure.NERVE_ROOT: "#ffd34d",
    Structure.NEURAL_FORAMEN: "#b178d6",
    Structure.SPINAL_CANAL: "#2fd1c5",
    Structure.HERNIATION: "#e8503a",
    Structure.KIDNEY: "#a3703f",
    Structure.MUSCLE: "#b5485d",
    Structure.VEIN: "#3f6fd1",
    Structure.ARTERY: "#d1383f",
    Structure.VERTEBRAL_ARCH: "#d8d2b8",
    Structure.LATERAL_RECESS: "#7ddc6f",
    Structure.SPINOUS_PROCESS: "#c4b48a",
    Structure.FACET_JOINT: "#f29ac0",
    Structure.ARTICULAR_PROCESS: "#9fb4c7",
    Structure.LIGAMENTUM_FLAVUM: "#c8e04a",
    SagittalStructure.VERTEBRA: "#9fb4c7",
    SagittalStructure.SACRUM: "#b39ddb",
    SagittalStructure.CORD: "#f7f056",
    SagittalStructure.POSTERIOR_LONGITUDINAL_LIGAMENT: "#f29ac0",
}
"""The overlay colour of each structure by its name; axial and sagittal names share theirs."""


def palette(mode: Mode = Mode.DARK) -> Palette:
    """The colours of a mode."""
    return PALETTES[mode]


def current_mode() -> Mode:
    """The mode the user's browser shows now; dark where Streamlit does not know yet."""
    return Mode.LIGHT if st.context.theme.type == "light" else Mode.DARK


def mixed(one: str, other: str, share: float = 0.5) -> str:
    """The colour between two of the form '#rrggbb', `share` of the way to the other."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def see_through(colour: str, opacity: float) -> str:
    """A colour '#rrggbb' of an opacity from 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def page_css() -> str:
    """The style sheet of every page, for both modes: quiet spacing, numbers that stand in columns.

    It is for the page's own head, whose root says in `data-look` which mode it is.
    """
    modes = "\n".join(f':root[data-look="{mode.value}"] {{ {_variables(mode)} }}' for mode in Mode)
    return f"{modes}\n{_PAGE_CSS}"


def _variables(mode: Mode) -> str:
    colours = palette(mode)
    named = ("surface", "border", "muted", "warning", "not_gradable")
    pairs = [(name.replace("_", "-"), getattr(colours, name)) for name in named]
    pairs += [(f"grade-{grade.value}", colours.grade(grade)) for grade in Grade]
    return "; ".join(f"--lss-{name}: {colour}" for name, colour in pairs)


_PAGE_CSS = """
.stApp .stMainBlockContainer.block-container { padding: 3.2rem 1.4rem .5rem !important; max-width: 100% }
.stApp, .stApp td, .stApp th, [data-testid="stMetricValue"] { font-variant-numeric: tabular-nums }
.stApp h1 { font-size: 1.3rem !important; font-weight: 600 !important; padding: 0 !important }
.stApp :is(h2, h3) { font-size: 1rem !important; font-weight: 600 !important }
.stApp .st-key-lss-bar { position: fixed; top: 0; right: 1.4rem; height: 3.75rem !important; z-index: 999991;
  width: auto !important; justify-content: flex-end }
.stApp .lss-notice { color: var(--lss-muted); font-size: .8rem; white-space: nowrap }
.stApp .lss-heading { display: flex; align-items: baseline; gap: .9rem; flex-wrap: wrap }
.stApp .lss-badge { border: 1px solid var(--lss-warning); color: var(--lss-warning); border-radius: 4px;
  padding: .05rem .5rem; font-size: .78rem; white-space: nowrap }
.stApp .lss-muted { color: var(--lss-muted); font-size: .85rem }
.stApp [class*="st-key-lss-foot-"] { flex-wrap: nowrap }
.stApp .lss-findings p { margin: .1rem 0 .25rem }
.stApp .lss-table a { color: inherit; text-underline-offset: .2em }
.stApp .lss-gallery { display: flex; flex-wrap: wrap; gap: .6rem }
.stApp .lss-card { display: grid; width: 150px; font-size: .75rem; color: inherit; text-decoration: none;
  border: 1px solid var(--lss-border); border-radius: 4px; padding: .3rem }
.stApp .lss-card:is(:hover, :focus-visible) { border-color: var(--lss-muted) }
.stApp .lss-card img { width: 100%; aspect-ratio: 1; object-fit: cover; background: #000 }
.stApp .lss-caption { font-size: .75rem; margin: 0 }
:is(.stApp, [data-testid="stPopoverBody"]) :is(.lss-error, .lss-empty) { display: grid; gap: .25rem;
  padding: .8rem 1rem; border-radius: 4px;
  background: var(--lss-surface); border-left: 3px solid var(--lss-border) }
:is(.stApp, [data-testid="stPopoverBody"]) .lss-error { border-left-color: var(--lss-warning) }
.stApp .lss-empty span { color: var(--lss-muted) }
.stApp .lss-table { border-collapse: collapse; width: 100%; font-size: .85rem }
.stApp .lss-table th { color: var(--lss-muted); font-weight: 500; text-align: left; white-space: nowrap }
.stApp .lss-table :is(th, td) { padding: .28rem .6rem; border: 0; border-bottom: 1px solid var(--lss-border) }
.stApp .lss-table .num { text-align: right }
.stApp .lss-grade { border-left: .45rem solid var(--lss, var(--lss-not-gradable)); padding-left: .4rem }
.stApp .lss-grade-0 { --lss: var(--lss-grade-0) } .stApp .lss-grade-1 { --lss: var(--lss-grade-1) }
.stApp .lss-grade-2 { --lss: var(--lss-grade-2) } .stApp .lss-grade-3 { --lss: var(--lss-grade-3) }
"""
