"""Finds what a page would show in English whatever its language: words in the source without a mark."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARKS = {"_", "later", "ngettext", "later_n", "known"}
SILENT = ("_log.", "logging.", "re.compile", "ValueError", "TypeError", "RuntimeError", "cast", "TypeVar")
"""Calls whose words nobody sees on a page."""

NOT_WORDS = {"url", "css", "key", "file_name", "mime", "css_class", "type", "family", "format", "media_type"}
"""Arguments that are no text."""

_TAG = re.compile(r"<[^<>]*>|%\{[^}]*\}|&\w+;|\bvar\(.*?\)")
_HALF_TAG = re.compile(r"<[^<>]*$|^[^<>]*>")
_WORDS = re.compile(r"[A-Za-z]{2,}[,;:.]? +[A-Za-z]{2,}|^[^A-Za-z]*[A-Z][a-z]+\b")
_NAME = re.compile(r"[A-Za-z]+(-[A-Za-z0-9]+)+|[a-z_0-9./:#*+-]+|[A-Z]{2,}[A-Za-z0-9_-]*")


def shown_sources() -> list[Path]:
    """The modules whose words pages show."""
    return sorted(path for folder in ("lss_core/ui", "pages") for path in (ROOT / folder).rglob("*.py"))


def scripts() -> list[Path]:
    """The scripts of our components."""
    return sorted((ROOT / "lss_core" / "ui").rglob("*.js"))


def words(text: str) -> bool:
    """Whether a string has words for people: a capital, or two words, outside of tags and addresses."""
    bare = _HALF_TAG.sub("", _TAG.sub(" ", text)).strip()
    return not _NAME.fullmatch(bare) and bool(_WORDS.search(bare))


def unmarked(path: Path) -> Iterator[tuple[int, str]]:
    """Lines and strings of a module that a page may show and that no mark has."""
    yield from _in(ast.parse(path.read_text(encoding="utf-8")))


def _in(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Assert | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name in MARKS or name.startswith(SILENT):
            return
        if name.endswith("Error") and any(key.arg == "reason" for key in node.keywords):
            return
    if isinstance(node, ast.keyword) and node.arg in NOT_WORDS:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from _in(value)
        return
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant | ast.JoinedStr):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if re.search(r"CSS|_JS|HTML|HEAD$", ast.unparse(target)):
            return
    if isinstance(node, ast.JoinedStr):
        whole = "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
        if words(whole.replace("\0", "1")):
            yield node.lineno, whole.replace("\0", "{}")
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _in(part.value)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and words(node.value):
            yield node.lineno, node.value
        return
    for child in ast.iter_child_nodes(node):
        yield from _in(child)
