"""The messages in the source, and the catalogues of their translations.

`python -m tests.catalogue` (`make texts`) brings lss_core/locale/*.po up to the source: messages that are new
come without a translation, those that are gone go.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from lss_core.reports.checklists import CLAIM, STARD_AI
from lss_core.texts import Language

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "lss_core" / "locale"

KEYWORDS = {
    "_": None,
    "later": None,
    "t": None,
    "texts": None,
    "ngettext": (1, 2),
    "later_n": (1, 2),
    "tn": (1, 2),
}
"""The calls whose first arguments are messages: Python's, and `t` and `tn` of the scripts."""

ON_THE_COMMAND_LINE = (
    "lss_core/cli", "lss_core/reports", "lss_core/ui", "lss_core/vision/train", "lss_core/settings.py",
    *(
        f"lss_core/usecases/{name}"
        for name in (
            "adjusting", "analyse_csv", "csv_tables", "demo", "differences", "doctor", "group_report", "mrmc",
            "planning", "rating_csv", "training",
        )
    ),
    "lss_core/stats/power", "lss_core/stats/mrmc/roe_metz.py",
)  # fmt: skip
"""Where refusals are read on the command line alone, which is English."""

HEADER = """\
# Texts of pages, refusals and reports. The messages are the English texts; names in {{braces}} stay as they
# are. `make texts` adds what is new in the source; see docs/translating.md.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def sources() -> list[Path]:
    """The files that texts are written in."""
    folders = [ROOT / "lss_core", ROOT / "pages"]
    return sorted(path for folder in folders for kind in ("*.py", "*.js") for path in folder.rglob(kind))


def extracted() -> Catalog:
    """Every message of the source, with its places."""
    found = Catalog()
    for path in sources():
        method = {".py": "python", ".js": "javascript"}[path.suffix]
        place = path.relative_to(ROOT).as_posix()
        for line, message, _, _ in extract_from_file(method, path, KEYWORDS, options={"encoding": "utf-8"}):
            found.add(message, locations=[(place, line)])
    for message, place, line in _refusals():
        found.add(message, locations=[(place, line)])
    for message in _of_checklists():
        found.add(message, locations=[("lss_core/reports/checklists.py", 1)])
    return found


def _refusals() -> Iterator[tuple[str, str, int]]:
    """What refusals and notes say: subjects, reasons, remedies and notes need no mark."""
    for path in (path for path in sources() if path.suffix == ".py"):
        place = path.relative_to(ROOT).as_posix()
        silent = place.startswith(ON_THE_COMMAND_LINE)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not silent or isinstance(node, ast.JoinedStr):
                yield from ((text, place, node.lineno) for text in _said_in(node))


def _said_in(node: ast.AST) -> Iterator[str]:
    """The texts of a statement or call that `known` finds again, fields as {a}, {b}; marks in f-strings."""
    if isinstance(node, ast.JoinedStr):
        yield from _marked_in(node)
    for part in _parts(node):
        for own in (part.body, part.orelse) if isinstance(part, ast.IfExp) else (part,):
            if isinstance(own, ast.Constant) and isinstance(own.value, str):
                yield own.value
            elif isinstance(own, ast.JoinedStr):
                yield _with_fields(own)


def _marked_in(text: ast.JoinedStr) -> Iterator[str]:
    calls = (one for one in ast.walk(text) if isinstance(one, ast.Call) and one.args)
    for call in calls:
        first = call.args[0]
        if ast.unparse(call.func) in ("_", "later") and isinstance(first, ast.Constant):
            yield str(first.value)


def _parts(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call):
        name, named = ast.unparse(node.func), {key.arg: key.value for key in node.keywords}
        if name in ("NotTakenError", "_refused", "_skipped"):
            return node.args[1:2]
        if name == "notes.append":
            return node.args
        said = [named[key] for key in ("reason", "remedy", "note") if key in named]
        said += _items(named.get("notes"))
        return said + (node.args[:1] if said and name.endswith("Error") else [])
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("reason", "remedy", "note"):
        return [node.value]
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "notes":
        return _items(node.value)
    if isinstance(node, ast.FunctionDef) and node.name in ("_unfit", "_why"):
        return [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
    if isinstance(node, ast.FunctionDef) and node.name == "remarks":
        return [one.elt for one in ast.walk(node) if isinstance(one, ast.ListComp)]
    return []


def _items(value: ast.expr | None) -> list[ast.expr]:
    own = value.body if isinstance(value, ast.IfExp) else value
    return own.elts if isinstance(own, ast.Tuple) else []


def _with_fields(text: ast.JoinedStr) -> str:
    names = iter(ascii_lowercase)
    return "".join(
        part.value.replace("{", "{{").replace("}", "}}")
        if isinstance(part, ast.Constant)
        else f"{{{next(names)}}}"
        for part in text.values
    )


def _of_checklists() -> Iterator[str]:
    """Checklists are written as tables, not as calls."""
    for checklist in (CLAIM, STARD_AI):
        yield from (checklist.title, checklist.source)
        for item in checklist.items:
            yield from (text for text in (item.wording, item.group, item.rest) if text)


def catalogue(language: Language) -> Catalog:
    """What a language's file says."""
    with (LOCALE / f"{language.value}.po").open("rb") as file:
        return read_po(file, locale=language.value)


def updated(language: Language) -> bytes:
    """The language's file brought up to the source."""
    old, new = catalogue(language), Catalog(locale=language.value)
    for message in extracted():
        if message.id:
            known = old.get(message.id)
            kept = known is not None and known.id == message.id
            new.add(message.id, known.string if kept else None)
    made = io.BytesIO()
    write_po(made, new, width=110, no_location=True, omit_header=True, sort_output=True)
    return HEADER.format(language=language.value, plural_forms=new.plural_forms).encode() + made.getvalue()


if __name__ == "__main__":
    for own in set(Language) - {Language.ENGLISH}:
        (LOCALE / f"{own.value}.po").write_bytes(updated(own))
