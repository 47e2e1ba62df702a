"""Pieces of the Cases page: importing, the verdicts, the table, the model's run."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pandas as pd
import streamlit as st

from lss_core.domain import SITES, Progress, SeriesRole, StudyFindings, Verdict
from lss_core.errors import AccessError, LssError
from lss_core.texts import Language, _, known, language, later, ngettext, translated
from lss_core.ui.frame import show_error
from lss_core.ui.language import in_this_language
from lss_core.ui.tasks import TaskQueue, TaskView
from lss_core.usecases.cases import CaseSummary, RunStatus, delete_case
from lss_core.usecases.demo import check_open_door
from lss_core.usecases.grading import grade_case
from lss_core.usecases.importing import ImportReport, ImportStatus, import_paths
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

IMPORTS: TaskQueue[ImportReport] = TaskQueue("import")
GRADING: TaskQueue[StudyFindings] = TaskQueue("grade")

SHORT_ROLES = {
    SeriesRole.SAGITTAL_T1: later("sag T1"),
    SeriesRole.SAGITTAL_T2: later("sag T2"),
    SeriesRole.SAGITTAL_STIR: later("sag STIR"),
    SeriesRole.AXIAL_T2: later("ax T2"),
    SeriesRole.OTHER: later("other"),
}
STATUS_WORDS = {
    RunStatus.NONE: later("Not graded"),
    RunStatus.RUNNING: later("Running"),
    RunStatus.FAILED: later("Failed"),
}
REFRESH_S = 1.0
MOST_ROWS = 7  # a longer table scrolls in itself


class Uploaded(Protocol):
    """A file that the browser sent."""

    name: str

    def getbuffer(self) -> memoryview:
        """Its bytes."""


def import_panel(workspace: Workspace, user: User, study_id: str | None, *, open_at_first: bool) -> None:
    """Where files come from: the browser or a folder of the server. An import runs on by itself."""
    with st.expander(_("Import DICOM"), expanded=open_at_first):
        browser, folder, server = st.tabs(
            [_("Files of this computer"), _("A folder of this computer"), _("A folder of the server")]
        )
        with browser, st.form("upload", border=False, clear_on_submit=True):
            files = st.file_uploader(_("DICOM files or zip archives"), accept_multiple_files=True)
            if st.form_submit_button(_("Import the files")) and files:
                IMPORTS.submit(user.id, partial(_import_uploads, workspace, user, list(files), study_id))
        with folder, st.form("upload-folder", border=False, clear_on_submit=True):
            files = st.file_uploader(
                _("A folder with DICOM files, its subfolders too"), accept_multiple_files="directory"
            )
            if st.form_submit_button(_("Import this folder")) and files:
                IMPORTS.submit(user.id, partial(_import_uploads, workspace, user, list(files), study_id))
        with server, st.form("folder", border=False):
            typed = st.text_input(
                _("Path of a folder, a file or a zip on the server"), placeholder="/data/mri"
            )
            if st.form_submit_button(_("Import the folder")) and typed.strip():
                paths = [Path(typed.strip()).expanduser()]
                IMPORTS.submit(user.id, partial(_import, workspace, user, paths, study_id))


def show_import(user: User) -> None:
    """The user's import: how far it is, or what became of every file."""
    task = IMPORTS.look(user.id)
    if task is None:
        return
    if not task.done:
        _watch(lambda: _import_progress(user.id))
        return
    if task.error is not None:
        show_error(task.error)
    elif task.result is not None:
        show_report(task.result)
    st.button(_("Close"), key="close-import", on_click=IMPORTS.dismiss, args=(user.id,))


def show_report(report: ImportReport) -> None:
    """Which cases came of an import, and a verdict with its reason for every file."""
    cases = Counter(case.status for case in report.cases)
    counts = Counter(file.verdict for file in report.files)
    words = {
        ImportStatus.NEW: _("new"),
        ImportStatus.UNCHANGED: _("unchanged"),
        ImportStatus.CHANGED: _("changed"),
    }
    told = [f"{word} {cases[status]}" for status, word in words.items() if cases[status]]
    done = _("Cases: {cases}. Files: {n}.", cases=", ".join(told) or _("none"), n=len(report.files))
    st.markdown(f"**{_('Import done.')}** {done}")
    for case in report.cases:
        for difference in case.differences:
            st.markdown(f"{case.case_id}: {difference}")
    shown = st.segmented_control(
        _("Verdict"),
        [verdict for verdict in Verdict if counts[verdict]],
        format_func=lambda verdict: f"{translated(verdict.label).capitalize()} {counts[verdict]}",
        selection_mode="multi",
        label_visibility="collapsed",
        key="verdicts",
    )
    rows = [
        {
            _("File"): str(file.path),
            _("Verdict"): translated(file.verdict.label),
            _("Reason"): known(file.reason),
        }
        for file in report.files
        if not shown or file.verdict in shown
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height=min(36 * len(rows) + 40, 260), key="verdict-list"
    )


def case_table(cases: Sequence[CaseSummary]) -> list[CaseSummary]:
    """The cases with thumbnails, series and the model's status; the rows that are chosen.

    Rows are chosen by their place, so another list of cases is another table, with none chosen.
    """
    rows = [
        {
            _("Image"): f"/pixels/{case.case_id}/thumbnail",
            _("Case"): case.case_id,
            _("Imported"): case.imported_at,
            _("Series"): series_words(case),
            _("Slices"): sum(series.slices for series in case.series),
            _("Notes"): "; ".join(
                dict.fromkeys(known(note) for series in case.series for note in series.notes)
            ),
            _("Model"): model_words(case),
            _("Message"): refusal_words(case.model_message),
        }
        for case in cases
    ]
    event: Any = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        row_height=64,
        height="content" if len(rows) < MOST_ROWS else 520,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"case-table:{list_name(cases)}",
        column_config={
            _("Image"): st.column_config.ImageColumn(width=70),
            _("Case"): st.column_config.TextColumn(width=100),
            _("Imported"): st.column_config.DatetimeColumn(format=date_format(), width=130),
            _("Series"): st.column_config.TextColumn(width=220),
            _("Slices"): st.column_config.NumberColumn(width=60),
            _("Notes"): st.column_config.TextColumn(width=260),
            _("Model"): st.column_config.TextColumn(width=130),
            _("Message"): st.column_config.TextColumn(width=200),
        },
    )
    return [cases[row] for row in event.selection.rows if row < len(cases)]


def warn_of_open_door(workspace: Workspace) -> None:
    """Say so where the demo's printed password opens real cases."""
    try:
        check_open_door(workspace)
    except AccessError as error:
        show_error(error)


def date_format() -> str:
    """How a table writes a time, in the language spoken."""
    return "DD.MM.YYYY HH:mm" if language() is Language.RUSSIAN else "D MMM YYYY HH:mm"


def count(cases: int) -> str:
    """'1 case', '24 cases'."""
    return ngettext("{n} case", "{n} cases", cases)


def list_name(cases: Sequence[CaseSummary]) -> str:
    """These cases in a name for a widget: another list has another name."""
    return sha256(" ".join(case.case_id for case in cases).encode()).hexdigest()[:16]


def series_words(case: CaseSummary) -> str:
    """A case's series in a line: 'sag T1 18, sag T2 18, ax T2 42'."""
    return ", ".join(f"{translated(SHORT_ROLES[series.role])} {series.slices}" for series in case.series)


def model_words(case: CaseSummary) -> str:
    """How far the model is with a case: 'Not graded', '12 of 25 sites', 'Graded, no site gradable'."""
    if case.model_status is not RunStatus.DONE:
        return translated(STATUS_WORDS[case.model_status])
    if not case.graded_sites:
        return _("Graded, no site gradable")
    return _("{n} of {total} sites", n=case.graded_sites, total=len(SITES))


def refusal_words(message: str) -> str:
    """A refusal that was kept as one string, 'subject: reason. remedy', in the language spoken."""
    found = re.fullmatch(r"(.+?): (.+?)\. (.+)", message)
    if found is None:
        return known(message)
    return f"{known(found[1])}: {known(found[2])}. {known(found[3])}"


def run_model(workspace: Workspace, user: User, cases: Sequence[CaseSummary]) -> None:
    """Queue the model on these cases."""
    for case in cases:
        GRADING.submit(case.case_id, partial(_grade, workspace, user, case.case_id))


def show_grading(cases: Sequence[CaseSummary]) -> None:
    """What the model is at now among these cases, how many wait, and why some could not be graded."""
    own = frozenset(case.case_id for case in cases)
    tasks = _grading_of(own)
    if any(not task.done for task in tasks):
        _watch(partial(_grading_progress, own))
    failed = [task for task in tasks if task.error is not None]
    for reason in {str(task.error): task.error for task in failed}.values():
        if reason is not None:
            show_error(reason)
    if failed:
        st.button(_("Close"), key="close-grading", on_click=_dismiss, args=([task.key for task in failed],))


def delete_panel(workspace: Workspace, user: User, cases: Sequence[CaseSummary]) -> None:
    """Ask for a reason and delete the chosen cases; for other cases it is closed and asks anew."""
    own = list_name(cases)
    panel = st.popover(_("Delete {n}", n=len(cases)), disabled=not cases, key=f"delete:{own}")
    with panel, st.form(f"delete-form:{own}", border=False):
        names = ", ".join(case.case_id for case in cases)
        st.markdown(_("Delete {cases} with all grades and images.", cases=names))
        reason = st.text_input(_("Reason, kept on record"), key=f"delete-reason:{own}")
        if st.form_submit_button(_("Delete for good")):
            try:
                for case in cases:
                    delete_case(workspace, user, case.case_id, reason)
            except LssError as error:
                show_error(error)
            else:
                st.rerun()


def _import(
    workspace: Workspace, user: User, paths: list[Path], study_id: str | None, report: Progress
) -> ImportReport:
    return import_paths(workspace, user, paths, study_id=study_id, progress=report)


def _import_uploads(
    workspace: Workspace, user: User, files: Sequence[Uploaded], study_id: str | None, report: Progress
) -> ImportReport:
    """Import what the browser sent from a folder that is gone afterwards.

    The verdicts name the files as the user knows them.
    """
    with tempfile.TemporaryDirectory(prefix="incoming-", dir=workspace.settings.data_dir) as folder:
        for number, file in enumerate(files):
            place = Path(folder, f"{number:05d}", *sent_path(file.name).parts)
            place.parent.mkdir(parents=True)
            place.write_bytes(file.getbuffer())
        made = import_paths(workspace, user, [Path(folder)], study_id=study_id, progress=report)
        named = [replace(file, path=_as_sent(file.path, folder)) for file in made.files]
        return replace(made, files=tuple(named))


def sent_path(name: str) -> PurePosixPath:
    """The path that a browser gave a file, 'folder/file' or 'file', kept from leading anywhere else."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return PurePosixPath(*parts or ["file"])


def _as_sent(path: str, folder: str) -> str:
    """A path below the folder of an upload without that folder and the number in it."""
    below = path.removeprefix(f"{folder}/")
    return path if below == path else below.partition("/")[2]


def _grade(workspace: Workspace, user: User, case_id: str, report: Progress) -> StudyFindings:
    return grade_case(workspace, user, case_id, progress=report)


def _watch(show: Callable[[], None]) -> None:
    """Show something again and again while it is under way, then the whole page anew."""
    st.fragment(run_every=REFRESH_S)(in_this_language(show))()


def _import_progress(key: str) -> None:
    task = IMPORTS.look(key)
    if task is None or task.done:
        st.rerun()
    st.progress(task.share, text=_("Importing: {what}", what=task.what))


def _grading_of(own: frozenset[str]) -> list[TaskView[StudyFindings]]:
    """The model's tasks on these cases: those of other studies are not told."""
    return [task for task in GRADING.views() if task.key in own]


def _grading_progress(own: frozenset[str]) -> None:
    tasks = [task for task in _grading_of(own) if not task.done]
    if not tasks:
        st.rerun()
    at = _("Model at {case}: {what}", case=tasks[0].key, what=tasks[0].what)
    waiting = _(", {n} waiting", n=len(tasks) - 1) if len(tasks) > 1 else ""
    st.progress(tasks[0].share, text=at + waiting)


def _dismiss(keys: Sequence[str]) -> None:
    for key in keys:
        GRADING.dismiss(key)
