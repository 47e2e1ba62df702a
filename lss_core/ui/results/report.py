"""The report of a study as a download, written when it is asked for."""

from __future__ import annotations

from functools import partial

import streamlit as st

from lss_core.texts import Language, _, known, language
from lss_core.ui.results.choices import chosen_margin
from lss_core.usecases.reporting import MIME, Format, write_report
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def offer_report(
    workspace: Workspace, user: User, study_id: str, reference_id: str, arm: str | None = None
) -> None:
    """A form for the report's format and language, with the download.

    Of the answers in an arm that was chosen, with the page's margin.
    """
    margin = chosen_margin()
    with st.popover(_("Report")):
        kind = st.segmented_control(
            _("Format"), list(Format), format_func=lambda one: one.value.upper(), default=Format.PDF,
            required=True, key="report-format",
        )  # fmt: skip
        chosen = st.segmented_control(
            _("Language"), list(Language), format_func=lambda one: one.label, default=language(),
            required=True, key="report-language",
        )  # fmt: skip
        st.download_button(
            _("Write and download"),
            data=partial(_content, workspace, user, study_id, kind, chosen, reference_id, arm, margin),
            file_name=f"report-{study_id}-{chosen.value}.{kind.value}",
            mime=MIME[kind],
            on_click="ignore",
        )
        st.caption(_("Methods, tables, figures, flow and checklists, with the SHA-256 of the data."))
        if arm:
            st.caption(_("Readers' figures are of the arm '{arm}'; two arms are compared.", arm=known(arm)))


def _content(
    workspace: Workspace,
    user: User,
    study_id: str,
    kind: Format,
    chosen: Language,
    reference_id: str,
    arm: str | None,
    margin: float,
) -> bytes:
    report = write_report(
        workspace,
        user,
        study_id,
        kind=kind,
        language=chosen,
        reference_id=reference_id,
        arm=arm,
        margin=margin,
    )
    return report.content
