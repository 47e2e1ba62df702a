"""A protocol as a TOML file that people write by hand: docs/protocol.md describes its keys."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from lss_core.errors import ProtocolError
from lss_core.study.protocol import Protocol, as_document, from_document
from lss_core.texts import later

LARGEST_BYTES = 1_000_000


def from_toml(content: bytes) -> Protocol:
    """The protocol of a file; what it does not name has its default. Raises ProtocolError."""
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
    return from_document(document)


def to_toml(protocol: Protocol) -> str:
    """The file of a protocol, all its parts named; `from_toml` gives the same protocol back."""
    document = as_document(protocol)
    plain = {key: value for key, value in document.items() if key not in ("scheme", "questions", "arms")}
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
