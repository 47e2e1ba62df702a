"""What the scripts of our components have in common: their texts in the page's language."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lss_core.texts import Language, known, language, plural_forms

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ONE = re.compile(rf"\bt\(\s*({_QUOTED})")
_NUMBER = re.compile(rf"\btn\(\s*({_QUOTED}),\s*({_QUOTED})")


@cache
def common() -> str:
    """`t`, `tn` and `speak`, to be put before a component's own script."""
    return (Path(__file__).parent / "texts.js").read_text(encoding="utf-8")


def texts_of(script: str) -> Mapping[str, object]:
    """What a component's data hold as `texts`: the messages of its script in the language spoken now."""
    return _texts(script, language())


@cache
def _texts(script: str, own: Language) -> Mapping[str, object]:
    messages: dict[str, object] = {}
    if own is not Language.ENGLISH:
        messages |= {message: known(message, own) for message in map(json.loads, _ONE.findall(script))}
        for one, many in _NUMBER.findall(script):
            messages[json.loads(one)] = plural_forms(json.loads(one), json.loads(many), own)
    return {"language": own.value, "messages": messages}
