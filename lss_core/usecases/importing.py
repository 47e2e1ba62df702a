"""Import of DICOM studies as cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from lss_core.domain import Progress, silent
from lss_core.store.values import SeriesSummary
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

if TYPE_CHECKING:
    from lss_core.dicom.batch import FileVerdict


class ImportStatus(StrEnum):
    """What became of a study that was read."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class ImportedCase:
    """A study that was read and the case it is.

    NEW: the case was added. UNCHANGED: it was there already, nothing was added.
    CHANGED: a case of the same study is there and its images differ; the stored case is
    left as it is and `differences` say in words what is different.
    """

    case_id: str
    status: ImportStatus
    series: tuple[SeriesSummary, ...]
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """A verdict for every file, and every study that the files made up."""

    study_id: str
    files: tuple[FileVerdict, ...]
    cases: tuple[ImportedCase, ...]


def import_paths(
    workspace: Workspace,
    user: User,
    paths: Sequence[Path],
    *,
    study_id: str | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Import files, folders and zips into a study, by default 'My study'. Coordinators.

    A study that cannot be taken is reported in its files' verdicts and holds up no other.
    """
    raise NotImplementedError
