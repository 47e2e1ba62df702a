"""Adjudicate: the sites where the panel has no majority, decided blind to the votes."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui import adjudicate as ui
from lss_core.ui.choice import choose, choose_study, go_to
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.session import require_role
from lss_core.ui.viewer import View, viewer
from lss_core.usecases.cases import list_studies
from lss_core.usecases.reference import adjudicate, adjudications_due, open_reads
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.ADJUDICATOR)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, Role.ADJUDICATOR))
    due = adjudications_due(workspace, user, study.id) if study else []
    tie = ui.ties(due)[choose("tie", ui.tie_words(due), width=420)] if due else None

with title:
    unread = open_reads(workspace, user, study.id) if study else 0
    words = ui.progress_words(due, unread)
    heading(_("Adjudicate"), synthetic=study is not None and study.synthetic, detail=words)
if study is None or tie is None:
    show_empty(_("Nothing to decide"), next_step=_("Sites without a majority of the panel come here"))
    st.stop()

images, decision = st.columns([4, 1])
with images:
    order = ui.order_for(tie)
    view = View(case_id=tie.case_id, user_id=user.id, command=order, height="calc(100vh - 9rem)")
    viewer(view, key="adjudicate")
with decision:
    ui.show_tie(tie)
    answer, key = ui.ask(tie)
    if answer is not None:
        adjudicate(workspace, user, study.id, tie.case_id, answer, idempotency_key=key)
        go_to("tie", ui.next_open(due, tie))
        st.rerun()
