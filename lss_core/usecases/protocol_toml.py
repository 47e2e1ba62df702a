"""A study and its protocol as a TOML file that people write by hand: docs/protocol.md describes its keys."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from lss_core.errors import ProtocolError
from lss_core.store import studies
from lss_core.store.values import ProtocolRecord, StudySummary
from lss_core.study.protocol import Protocol, as_document, from_document
from lss_core.texts import later
from lss_core.usecases.cases import make_study
from lss_core.usecases.protocols import coordinated, save_draft
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

LARGEST_BYTES = 1_000_000


def from_toml(content: bytes) -> Protocol:
    """The protocol of a file; what it does not name has its default. Raises ProtocolError."""
    return _read(content)[1]


def define_study(workspace: Workspace, user: User, content: bytes, *, title: str = "") -> StudySummary:
    """A new study of this title, by default the file's, whose draft is the file's protocol.

    As `make_study`; raises ProtocolError for a file that is no protocol: no study is made then.
    """
    named, protocol = _read(content)
    made = make_study(workspace, user, title.strip() or named)
    save_draft(workspace, user, made.id, protocol)
    return made


def load_draft(
    workspace: Workspace, user: User, study_id: str, content: bytes, *, reason: str = ""
) -> ProtocolRecord:
    """The file's protocol as the draft of a study. Raises ProtocolError, also for another study's file."""
    named, protocol = _read(content)
    with workspace.store.read() as tx:
        coordinated(tx, user, study_id)
        title = studies.study_summary(tx, study_id).title
    if named not in ("", title):
        raise ProtocolError(
            later("Title"),
            reason=later("the file is of another study, '{title}'", title=named),
            remedy=later("Make a new study of the file, or take its title out"),
        )
    return save_draft(workspace, user, study_id, protocol, reason=reason)


def _read(content: bytes) -> tuple[str, Protocol]:
    """The title in a file ('' where it names none) and its protocol."""
    if len(content) > LARGEST_BYTES:
        raise ProtocolError(
            "TOML", reason=later("the file is larger than any protocol"), remedy=later("Choose another file")
        )
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(
            "TOML", reason=str(error), remedy=later("Correct the file; docs/protocol.md shows one")
        ) from error
    title = document.pop("title", "")
    if not isinstance(title, str):
        raise ProtocolError(
            later("Title"),
            reason=later("it is not a text"),
            remedy=later("Write it between quotation marks"),
        )
    return title.strip(), from_document(document)


def to_toml(protocol: Protocol, *, title: str = "") -> str:
    """The file of a study's protocol, all its parts named; `from_toml` gives the same protocol back."""
    document = as_document(protocol)
    plain = {key: value for key, value in document.items() if key not in ("scheme", "questions", "arms")}
    plain = ({"title": title} if title else {}) | plain
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    lines += _table("questions", document["questions"])
    for arm in document["arms"]:
        lines += _table("arms", arm, many=True)
    for condition, grades in document["scheme"].items():
        lines += _table(f"scheme.{condition}", grades)
    return "\n".join(lines) + "\n"


def _table(name: str, values: Mapping[str, Any], *, many: bool = False) -> list[str]:
    head = f"[[{name}]]" if many else f"[{name}]"
    return ["", head, *(f"{key} = {_value(value)}" for key, value in values.items())]


def _value(value: Any) -> str:
    """JSON's strings, numbers, words and lists are TOML's too, but for DEL, which TOML wants escaped."""
    if isinstance(value, list) and value:
        inside = "".join(f"    {_value(one)},\n" for one in value)
        return f"[\n{inside}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
