"""Pieces of the Record page: what goes out, what comes in, and who did what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import pandas as pd
import streamlit as st

from lss_core.domain import Condition, Role
from lss_core.errors import ImportRefused, LssError
from lss_core.texts import _, later, moment, ngettext, sentence, translated
from lss_core.ui.exports import address
from lss_core.ui.frame import show_error
from lss_core.ui.html import Html, escape, table, write
from lss_core.usecases.access import role_in_study
from lss_core.usecases.auditing import AuditEntry, audit_trail, names_of, verify_audit
from lss_core.usecases.importing_ratings import import_ratings
from lss_core.usecases.importing_reference import import_reference
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

EXPORTS = (
    (
        "ratings.csv",
        later("Long table, CSV"),
        later("A row for each sitting, case and site, with all that is known of it"),
    ),
    ("dictionary.csv", later("Data dictionary, CSV"), later("What each column of the long table means")),
    ("ratings.json", later("Long table, JSON"), later("The same rows with dictionary and protocol")),
    *(
        (
            f"imrmc-{condition.value}.csv",
            later("Scores for iMRMC: {condition}", condition=condition.label),
            later("readerID, caseID, modalityID, score, with the truth; each site is a case"),
        )
        for condition in Condition
    ),
    (
        "study.zip",
        later("Whole study, zip"),
        later("Everything with images, to go on in another installation"),
    ),
    (
        "study-without-images.zip",
        later("Whole study without images, zip"),
        later("Everything but the images"),
    ),
)
"""What can be taken away: its file, its name, what it is."""

TRAIL_ROWS = 12

Section = Callable[[Workspace, User, str], None]
"""Shows a part of the page to a user for a study."""


class Uploaded(Protocol):
    """A file that the browser sent."""

    name: str

    def getvalue(self) -> bytes:
        """Its bytes."""


def sections(workspace: Workspace, user: User, study_id: str) -> dict[str, Section]:
    """The sections of the page that are this user's in the study, by their titles."""
    role = role_in_study(workspace, user, study_id)
    own: dict[str, tuple[Section, tuple[Role, ...]]] = {
        _("Export"): (show_exports, (Role.COORDINATOR, Role.STATISTICIAN)),
        _("Import"): (show_imports, (Role.COORDINATOR,)),
        _("Audit trail"): (show_trail, (Role.COORDINATOR, Role.AUDITOR)),
    }
    return {
        title: show for title, (show, roles) in own.items() if role in roles or role is Role.ADMINISTRATOR
    }


def show_exports(workspace: Workspace, user: User, study_id: str) -> None:
    """Links to the exports; each is made when it is asked for."""
    rows = [
        (
            Html(f'<a href="{escape(address(study_id, name))}" download>{escape(translated(title))}</a>'),
            translated(what),
        )
        for name, title, what in EXPORTS
    ]
    write(table([_("File"), _("What is in it")], rows))
    st.caption(_("Each is one look at the database; of a study that stands still it is the same each time."))


def show_imports(workspace: Workspace, user: User, study_id: str) -> None:
    """Forms for ratings and for a reference from a file."""
    ratings, reference = st.columns(2)
    with ratings, st.form("import-ratings", clear_on_submit=True):
        st.subheader(_("Ratings"))
        st.caption(
            _("Columns: case, condition, level, side (or site), rater, grade; further ones in docs/record.md")
        )
        file = st.file_uploader(_("A CSV of ratings"), type="csv")
        in_panel = st.checkbox(_("Readers who are new vote in the reference"))
        if st.form_submit_button(_("Import the ratings")) and file is not None:
            _run(lambda: _ratings(workspace, user, study_id, file, in_panel))
    with reference, st.form("import-reference", clear_on_submit=True):
        st.subheader(_("Reference standard"))
        st.caption(_("Columns: case, condition, level, side (or site), grade; or the train.csv of RSNA 2024"))
        truth = st.file_uploader(_("A CSV of grades"), type="csv")
        name = st.text_input(_("What to call it"), value=_("External reference"), max_chars=100)
        if st.form_submit_button(_("Import the reference")) and truth is not None:
            _run(lambda: _reference(workspace, user, study_id, truth, name))


def _ratings(workspace: Workspace, user: User, study_id: str, file: Uploaded, in_panel: bool) -> str:
    made = import_ratings(workspace, user, study_id, file.getvalue(), name=file.name, in_panel=in_panel)
    taken = ngettext("{n} rating was taken", "{n} ratings were taken", made.ratings)
    new = ", ".join(made.new_raters)
    return _("{taken}. New readers: {names}", taken=taken, names=new) if new else taken


def _reference(workspace: Workspace, user: User, study_id: str, file: Uploaded, name: str) -> str:
    made = import_reference(workspace, user, study_id, file.getvalue(), file=file.name, name=name.strip())
    return _("{name}, version {version}: {n} sites", name=made.name, version=made.version, n=made.grades)


def _run(work: Callable[[], str]) -> None:
    """Do it and say what came of it; of a file that is refused show every wrong line."""
    try:
        st.success(work())
    except ImportRefused as error:
        show_error(error)
        rows = [[line, translated(reason)] for line, reason in error.lines]
        write(table([_("Line"), _("What is wrong")], rows, numbers=[0]))
    except LssError as error:
        show_error(error)


def show_trail(workspace: Workspace, user: User, study_id: str) -> None:
    """The newest acts, and the check of the chain on demand."""
    head = st.text_input(_("A head noted earlier (optional)"), max_chars=64, key="noted-head").strip()
    if st.button(_("Verify the audit trail")):
        _show_verification(workspace, user, head)
    names = names_of(workspace, user, study_id)
    rows = [_row(entry, names) for entry in audit_trail(workspace, user, study_id)]
    widths = {_("Row"): 60, _("When"): 150, _("Who"): 110, _("Act"): 140, _("To what"): 330}
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=TRAIL_ROWS * 35 + 38,
        column_config={name: st.column_config.Column(width=width) for name, width in widths.items()},
    )


def _show_verification(workspace: Workspace, user: User, head: str) -> None:
    try:
        found = verify_audit(workspace, user, head=head)
    except LssError as error:
        show_error(error)
        return
    for one in found.altered:
        st.error(sentence(one))
    if found.broken is None:
        words = ngettext(
            "Sound: {n} row, as it was written", "Sound: {n} rows, as they were written", found.rows
        )
        (st.success if found.sound else st.info)(words)
        st.caption(_("Head of the chain, to be noted elsewhere:"))
        st.code(found.head, language=None)
    else:
        st.error(_("Broken at row {row}: {reason}", row=found.broken, reason=translated(found.reason)))


def _row(entry: AuditEntry, names: Mapping[str, str]) -> dict[str, object]:
    """An act by the names of those it is about; their ids stand with the details."""
    known = dict.fromkeys(one for one in (entry.actor, entry.subject) if one in names)
    details = [f"{name} {value}" for name, value in entry.details.items()]
    return {
        _("Row"): entry.id,
        _("When"): moment(entry.at),
        _("Who"): names.get(entry.actor, entry.actor),
        _("Act"): entry.act,
        _("To what"): names.get(entry.subject, entry.subject),
        _("Details"): ", ".join([*details, *known]),
    }
