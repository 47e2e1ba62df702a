"""What a result page looks at: view, reference, condition, unit, level, side, arm; kept in the address."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import streamlit as st

from lss_core.domain import Condition, Level, Role, Side
from lss_core.errors import StoreError
from lss_core.texts import _, joined, known, later, ngettext, translated
from lss_core.ui.choice import choose, choose_segment, go_to
from lss_core.ui.frame import show_empty, show_error
from lss_core.ui.html import write
from lss_core.ui.results.shown import Made, notes
from lss_core.usecases.access import role_in_study
from lss_core.usecases.cases import StudySummary
from lss_core.usecases.reference import ReferenceSummary, make_majority_reference, open_reads
from lss_core.usecases.result_comparison import MARGIN
from lss_core.usecases.result_cut import LEAST_PANEL, cases_of
from lss_core.usecases.result_data import RESAMPLES, SEED, UNIT_LABELS, Selection, StudyData, Unit
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

FREEZE = later("Freeze the majority")
REFUSED = "reference-refused"
SYNTHETIC = later(
    "The cases are synthetic and the readers simulated: the figures say nothing about real ones."
)
READERS_FAVOURED = later(
    "Readers of this table voted for the reference, which favours them over the model. "
    "Compare with a reference from outside where there is one, or each reader with the other readers."
)
OTHERS_VOTE = later(
    "Each reader of the panel is compared with the majority of its other readers, where they have one; the "
    "model with that of all. So nobody is compared with his own vote, but their references differ."
)


ARM_NAMES = (later("unaided"), later("aided"))
"""Names of arms that protocols use, to be known where a page shows an arm."""

UNIT_WORDS = {
    Unit.SITE.value: later("Unit: site"),
    Unit.LEVEL.value: later("Unit: level"),
    Unit.PATIENT.value: later("Unit: patient"),
}


class ViewName(StrEnum):
    """The views of the results."""

    OVERVIEW = "overview"
    ROC = "roc"
    AGREEMENT = "agreement"
    COMPARISON = "comparison"
    CASES = "cases"
    FLOW = "flow"

    @property
    def label(self) -> str:
        """The view in the row of views."""
        return {
            ViewName.OVERVIEW: later("Overview"),
            ViewName.ROC: "ROC",
            ViewName.AGREEMENT: later("Agreement"),
            ViewName.COMPARISON: later("Comparison"),
            ViewName.CASES: later("Cases"),
            ViewName.FLOW: later("Flow"),
        }[self]


def choose_reference(references: Sequence[ReferenceSummary]) -> str:
    """The id of the reference standard to compare with."""
    return choose("reference", {own.id: f"{known(own.name)} v{own.version}" for own in references})


def choose_view() -> ViewName:
    """The view that is shown."""
    return ViewName(choose_segment("view", {view.value: view.label for view in ViewName}))


def choose_selection(data: StudyData) -> Selection:
    """The units that are shown, of those that the reference has."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        present = {part for _, site in data.sites for part in (site.condition, site.level)}
        condition = Condition(
            choose_segment("condition", {own.value: own.label for own in Condition if own in present})
        )
        unit = Unit(choose("unit", UNIT_WORDS, width=150))
        levels = {"all": _("All levels"), **{own.value: own.label for own in Level if own in present}}
        level = choose("level", levels, width=130)
        side = "both"
        if condition is not Condition.CENTRAL:
            sides = {"both": _("Both sides"), **{own.value: own.label for own in Side}}
            side = choose("side", sides, width=125)
        arm = ""
        if len(data.arms) > 1:
            arms = {own: _("Arm: {arm}", arm=known(own)) for own in data.arms}
            arms["newest"] = _("Newest answers")
            chosen = choose("arm", arms, width=160)
            arm = "" if chosen == "newest" else chosen
        session = _session(data)
        attribute = _attribute(data)
        others = data.panel_made_reference and _against_others(data)
    return Selection(
        condition=condition,
        unit=unit,
        level=None if level == "all" else Level(level),
        side=None if side == "both" else Side(side),
        arm=arm,
        session=session,
        attribute=attribute,
        leave_one_out=others,
    )


def _session(data: StudyData) -> int:
    """The session whose answers are shown; 0 for all."""
    if not data.sessions:
        return 0
    options = {"0": _("All sessions"), **{str(own): _("Session {n}", n=own) for own in data.sessions}}
    return int(choose("session", options, width=150))


def _attribute(data: StudyData) -> tuple[str, str] | None:
    """The attribute and value of the cases that are shown; None for all."""
    known = [(name, value) for name, own in data.attributes.items() for value in sorted(set(own.values()))]
    if not known:
        return None
    options = {"all": _("All cases"), **{f"{name}={value}": f"{name} {value}" for name, value in known}}
    chosen = choose("subgroup", options, width=190)
    return None if chosen == "all" else dict(zip(list(options)[1:], known, strict=True))[chosen]


def _against_others(data: StudyData) -> bool:
    """Whether each reader is compared with the majority of the other readers."""
    if len(data.panel) < LEAST_PANEL:
        return False
    options = {"panel": _("Readers: the whole panel"), "others": _("Readers: the other readers")}
    return choose("against", options, width=220) == "others"


def choose_margin() -> float:
    """The margin of non-inferiority: the difference that would still be accepted; kept in the address."""
    st.session_state["margin"] = chosen_margin()
    margin = float(
        st.number_input(
            _("Margin of non-inferiority"),
            min_value=0.01,
            max_value=0.5,
            step=0.01,
            key="margin",
            width=190,
            help=_("How much lower than the readers the model may be and still count as not inferior."),
        )
    )
    st.query_params["margin"] = f"{margin:g}"
    st.session_state["last-margin"] = margin
    return margin


def chosen_margin() -> float:
    """The margin that the widget shows, the address names, or was chosen last."""
    if "margin" in st.session_state:
        return float(st.session_state["margin"])
    return _margin(st.query_params.get("margin"), st.session_state.get("last-margin", MARGIN))


def _margin(text: str | None, otherwise: float) -> float:
    try:
        found = float(text or "")
    except ValueError:
        return otherwise
    return found if 0.01 <= found <= 0.5 else otherwise


def made_of(study: StudySummary, data: StudyData, selection: Selection) -> Made:
    """What the figures of a selection rest on."""
    parts = [selection.subgroup]
    parts += [later("arm {arm}", arm=selection.arm)] if selection.arm else []
    parts += [later("session {n}", n=selection.session)] if selection.session else []
    others = [later("each reader against the majority of the others")] if selection.leave_one_out else []
    return Made(
        study_id=study.id,
        study=study.title,
        fingerprint=data.fingerprint,
        reference=joined([f"{data.reference.name} v{data.reference.version}", *others]),
        condition=selection.condition.label,
        unit=UNIT_LABELS[selection.unit],
        subgroup=joined(parts),
        patients=len(cases_of(data, selection)),
        resamples=RESAMPLES,
        seed=SEED,
    )


def show_warnings(study: StudySummary, data: StudyData, selection: Selection) -> None:
    """What speaks against the figures."""
    lines = [translated(SYNTHETIC)] if study.synthetic else []
    if data.panel_made_reference:
        lines.append(translated(OTHERS_VOTE if selection.leave_one_out else READERS_FAVOURED))
    if data.unreferenced:
        lines.append(
            ngettext(
                "{n} graded site has no word in the reference and is left out.",
                "{n} graded sites have no word in the reference and are left out.",
                data.unreferenced,
            )
        )
    if lines:
        write(notes([" ".join(lines)]))


def offer_reference(workspace: Workspace, user: User, study_id: str) -> None:
    """A coordinator's button that freezes the panel's majority as the reference's next version."""
    if role_in_study(workspace, user, study_id) in (Role.COORDINATOR, Role.ADMINISTRATOR):
        st.button(
            translated(FREEZE),
            help=_(
                "Makes the next version of the reference standard: the panel's majority, and the "
                "adjudicator's word where there is none. Earlier versions stay."
            ),
            on_click=_freeze,
            args=(workspace, user, study_id),
        )
        if waiting := open_reads(workspace, user, study_id):
            words = ngettext("{n} read not submitted", "{n} reads not submitted", waiting)
            write(f'<span class="lss-muted">{words}</span>')
    if refused := st.session_state.pop(REFUSED, None):
        show_error(refused)


def _freeze(workspace: Workspace, user: User, study_id: str) -> None:
    try:
        go_to("reference", make_majority_reference(workspace, user, study_id).id)
    except StoreError as error:
        st.session_state[REFUSED] = error


def no_reference() -> None:
    """Said where nothing can be compared yet."""
    show_empty(
        _("No results yet"),
        next_step=_(
            "Results need a reference standard. Once the panel has read a case, a coordinator makes one here "
            "with '{button}'. The demo study has one: python -m lss_core demo",
            button=FREEZE,
        ),
    )
