"""The audit trail of a study on its way: lines of JSON, one an act; chains of former places first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from lss_core.errors import StoreError
from lss_core.store.audit import AuditEntry
from lss_core.usecases.workspace import Workspace

COME = "study.import"
"""The act with which a chain goes on where another, whose head it names, came to an end."""


def as_lines(trail: Iterable[AuditEntry]) -> str:
    """The entries as lines of JSON."""
    return "".join(_line(entry) for entry in trail)


def _line(entry: AuditEntry) -> str:
    told = {**asdict(entry), "at": entry.at.isoformat(timespec="microseconds")}
    return json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n"


def followed(text: str) -> Sequence[AuditEntry]:
    """The entries of a trail whose chains are sound; of acts of other studies `act` is empty.

    A chain after the first must name the head of the one before it in an act `study.import`.
    Raises StoreError for a row that was changed or taken away, and for what is no trail.
    """
    entries: list[AuditEntry] = []
    previous, owed = "", ""
    for line in text.splitlines():
        entry = _entry(line)
        if entry.previous == "" and entries:  # where the study went on elsewhere
            _check_settled(owed)
            owed, previous = entries[-1].hash, ""
        if entry.previous != previous or (entry.act and not entry.sound):
            raise damaged(f"row {entry.id} of its audit trail was changed, or one before it taken away")
        if entry.act == COME and entry.details.get("head") == owed:
            owed = ""
        previous = entry.hash
        entries.append(entry)
    _check_settled(owed)
    return entries


def _check_settled(owed: str) -> None:
    if owed:
        raise damaged("a part of its audit trail does not go on where the part before it ends")


def _entry(line: str) -> AuditEntry:
    try:
        told = json.loads(line)
        return AuditEntry(**{**told, "at": datetime.fromisoformat(told["at"])})
    except (ValueError, KeyError, TypeError) as error:
        raise damaged("its audit trail cannot be read") from error


def path_of(workspace: Workspace, study_id: str) -> Path:
    """Where the trail of a study that was taken in is kept, as it came."""
    return workspace.settings.data_dir / "imported-trails" / f"{study_id}.jsonl"


def come_before(workspace: Workspace, study_id: str) -> str:
    """The trail with which a study came here, as text; empty for a study that began here."""
    path = path_of(workspace, study_id)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def damaged(reason: str) -> StoreError:
    """The refusal of an archive for what is wrong with it."""
    return StoreError("Study archive", reason=reason, remedy="Export the study again and send it whole")
