"""The form of a protocol's parts: what is chosen in it becomes the draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from lss_core.domain import ALL_SITES, SITES, Condition, Grade, Level, Side, Site
from lss_core.errors import LssError
from lss_core.study.protocol import (
    Arm,
    ArmKind,
    Design,
    Protocol,
    Questions,
    ReferenceSource,
    Scheme,
)
from lss_core.texts import _, later, translated
from lss_core.ui.frame import show_error
from lss_core.ui.html import write
from lss_core.ui.protocol import ARM_KINDS, REFERENCES, sketch
from lss_core.usecases.cases import list_cases
from lss_core.usecases.protocols import ProtocolState, save_draft
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

ROWS = tuple(dict.fromkeys((site.condition, site.side) for site in SITES))
"""The rows of the grid of sites: condition and side."""

QUICK: Mapping[str, tuple[str, frozenset[Site]]] = {
    "all": (later("All 25"), frozenset(SITES)),
    "more": (later("All 30, with T12-L1"), frozenset(ALL_SITES)),
    **{one.value: (one.label, frozenset(s for s in SITES if s.condition is one)) for one in Condition},
    "low": (
        later("L3-L4 to L5-S1"),
        frozenset(s for s in SITES if s.level in (Level.L3_L4, Level.L4_L5, Level.L5_S1)),
    ),
}
DESIGNS = {
    Design.FULLY_CROSSED: later("Every reader reads every case"),
    Design.SPLIT_PLOT: later("Groups of readers read groups of cases"),
}


def show_form(workspace: Workspace, user: User, study_id: str, state: ProtocolState) -> None:
    """All parts of the protocol; saved as the draft of the next version."""
    base = f"protocol-{study_id}-{state.sha256[:12]}"
    now = state.current
    known = [case.case_id for case in list_cases(workspace, user, study_id)]
    sites = _sites(base, now.sites)
    parts: dict[str, Any] = {"scheme": _scheme(base, now.scheme)}
    left, right = st.columns(2)
    with left:
        parts["questions"] = _questions(base, now.questions)
        parts |= _plan(base, now)
    with right:
        arms = _arms(base, now.arms)
        parts |= _rest(base, now, known)
    reason = ""
    if state.live is not None:
        kept = "" if state.draft is None else state.draft.reason
        reason = st.text_input(_("Why the protocol changes"), kept, key=f"{base}-reason", max_chars=500)
    if st.button(_("Save the draft"), type="primary"):
        try:
            protocol = Protocol(sites=sites, arms=_named(arms), **parts)
            save_draft(workspace, user, study_id, protocol, reason=reason)
        except LssError as error:
            show_error(error)
        else:
            st.rerun()


def _sites(base: str, chosen: Iterable[Site]) -> tuple[Site, ...]:
    """The grid of sites, and buttons for what is often wanted."""
    st.subheader(_("Sites to grade"))
    keys = {row: f"{base}-{row[0]}-{row[1]}" for row in ROWS}
    for row, key in keys.items():
        if key not in st.session_state:
            st.session_state[key] = _levels(row, chosen)
    with st.container(horizontal=True):
        for name, (label, wanted) in QUICK.items():
            st.button(translated(label), key=f"{base}-quick-{name}", on_click=_choose, args=(keys, wanted))
    for condition, column in zip(Condition, st.columns(len(Condition)), strict=True):
        for row, key in keys.items():
            if row[0] is condition:
                column.pills(
                    _row_words(*row), list(Level), selection_mode="multi", key=key, format_func=_level_words
                )
    picked = {
        Site(condition=row[0], side=row[1], level=level)
        for row, key in keys.items()
        for level in st.session_state[key]
    }
    return tuple(site for site in ALL_SITES if site in picked)


def _levels(row: tuple[Condition, Side | None], chosen: Iterable[Site]) -> list[Level]:
    return [site.level for site in chosen if (site.condition, site.side) == row]


def _choose(keys: Mapping[tuple[Condition, Side | None], str], wanted: frozenset[Site]) -> None:
    for row, key in keys.items():
        st.session_state[key] = _levels(row, [site for site in ALL_SITES if site in wanted])


def _level_words(level: Level) -> str:
    return level.label


def _row_words(condition: Condition, side: Side | None) -> str:
    words = translated(condition.label)
    return words if side is None else f"{words}, {translated(side.label).lower()}"


def _scheme(base: str, scheme: Scheme) -> Scheme:
    st.subheader(_("Grading scheme"))
    found: dict[Condition, dict[Grade, str]] = {}
    for condition in Condition:
        with st.expander(translated(condition.label)):
            for grade, column in zip(Grade, st.columns(len(Grade)), strict=True):
                with column:
                    write(sketch(condition, grade))
                    text = st.text_area(
                        f"{int(grade)} {translated(grade.label)}",
                        scheme[condition][grade],
                        key=f"{base}-{condition}-{int(grade)}",
                    )
                    found.setdefault(condition, {})[grade] = text.strip()
    return found


def _questions(base: str, asked: Questions) -> Questions:
    st.subheader(_("Questions"))
    return Questions(
        call=st.checkbox(_("Yes or no first"), asked.call, key=f"{base}-call"),
        score=st.checkbox(_("A score of 0 to 100 that goes with it"), asked.score, key=f"{base}-score"),
        comment=st.checkbox(_("A free comment"), asked.comment, key=f"{base}-comment"),
        image_quality=st.checkbox(_("Image quality"), asked.image_quality, key=f"{base}-quality"),
    )


def _arms(base: str, arms: tuple[Arm, ...]) -> list[tuple[str, str]]:
    """A line an arm: its name and kind, as they were written."""
    st.subheader(_("Arms"))
    kinds = {translated(label): kind for kind, label in ARM_KINDS.items()}
    words = {kind: label for label, kind in kinds.items()}
    frame = pd.DataFrame([{"name": arm.name, "kind": words[arm.kind]} for arm in arms])
    edited = st.data_editor(
        frame,
        key=f"{base}-arms",
        num_rows="dynamic",
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(_("Name"), required=True, max_chars=40),
            "kind": st.column_config.SelectboxColumn(
                _("What the reader sees"), options=list(kinds), required=True
            ),
        },
    )
    return [(str(row["name"]).strip(), kinds[row["kind"]].value) for row in edited.to_dict("records")]


def _named(arms: Iterable[tuple[str, str]]) -> tuple[Arm, ...]:
    return tuple(Arm(name=name, kind=ArmKind(kind)) for name, kind in arms)


def _plan(base: str, now: Protocol) -> dict[str, Any]:
    st.subheader(_("Sessions and design"))
    days = st.number_input(
        _("Wash-out between sessions, days"), 0, 3650, now.wash_out_days, key=f"{base}-days"
    )
    design = st.radio(
        _("Design"),
        list(Design),
        list(Design).index(now.design),
        key=f"{base}-design",
        format_func=lambda one: translated(DESIGNS[one]),
    )
    groups = 1
    if design is Design.SPLIT_PLOT:
        groups = int(st.number_input(_("Groups"), 2, 50, max(now.groups, 2), key=f"{base}-groups"))
    share = st.number_input(
        _("Repeat reads, % of the cases"),
        0,
        100,
        round(100 * now.repeat_share),
        key=f"{base}-repeats",
    )
    same = share == round(100 * now.repeat_share)
    return {
        "wash_out_days": int(days),
        "design": design or now.design,
        "groups": groups,
        "repeat_share": now.repeat_share if same else share / 100,
    }


def _rest(base: str, now: Protocol, known: list[str]) -> dict[str, Any]:
    st.subheader(_("Training and reference"))
    options = list(dict.fromkeys([*now.training_cases, *known]))
    training = st.multiselect(
        _("Training cases, read first with feedback, never analysed"),
        options,
        list(now.training_cases),
        key=f"{base}-training",
        placeholder=_("Choose cases"),
    )
    reference = st.radio(
        _("Who makes the reference"),
        list(ReferenceSource),
        list(ReferenceSource).index(now.reference),
        key=f"{base}-reference",
        format_func=lambda one: translated(REFERENCES[one]),
    )
    seed = st.number_input(_("Seed of the draw"), 0, 2**53 - 1, min(now.seed, 2**53 - 1), key=f"{base}-seed")
    return {
        "training_cases": tuple(training),
        "reference": reference or now.reference,
        "seed": int(seed),
    }
