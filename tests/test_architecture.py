"""Imports go one way, and heavy libraries stay in their one place."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "lss_core"

LOWEST = {"texts", "domain", "errors"}
VALUES = {"measure", "imaging", "stats", "study", "phantom"}
SERVICES = {"store", "dicom", "vision", "jobs", "reports"}

MAY_IMPORT: dict[str, set[str]] = {
    "texts": set(),
    "domain": {"texts"},
    "errors": {"texts"},
    "settings": LOWEST,
    "logs": LOWEST | {"settings"},
    "imaging": LOWEST,
    "measure": LOWEST | {"imaging"},
    "phantom": LOWEST | {"imaging", "measure"},
    "stats": LOWEST,
    "study": LOWEST,
    "store": LOWEST | VALUES | {"settings"},
    "dicom": LOWEST | VALUES | {"settings"},
    "vision": LOWEST | VALUES | {"settings"},
    "jobs": LOWEST | VALUES | {"settings"},
    "reports": LOWEST | VALUES | {"settings"},
    "usecases": LOWEST | VALUES | SERVICES | {"settings", "logs"},
    "ui": LOWEST | VALUES | {"settings", "logs", "usecases"},
    "cli": LOWEST | {"settings", "logs", "usecases"},
    "__main__": {"cli"},
    "pages": LOWEST | {"settings", "ui", "usecases"},
    "app": {"ui", "errors", "texts"},
}
"""Which of our own parts each part may import; everything else is refused."""

ONLY_IN: dict[str, set[str]] = {
    "torch": {"vision"},
    "torchvision": {"vision"},
    "openvino": {"vision"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "pydicom": {"dicom"},
    "streamlit": {"ui", "pages", "app"},
    "babel": {"texts"},
}
"""Where a library may be imported."""


def part_of(path: Path) -> str:
    """The part of the product a source file belongs to."""
    return (
        (path.relative_to(CORE) if path.is_relative_to(CORE) else path.relative_to(ROOT))
        .parts[0]
        .removesuffix(".py")
    )


def sources() -> list[Path]:
    """Every source file of the product; lss_core/__init__.py is the version alone."""
    found = [*CORE.rglob("*.py"), *(ROOT / "pages").rglob("*.py"), *ROOT.glob("app.py")]
    return sorted(path for path in found if path != CORE / "__init__.py")


def imported(path: Path) -> Iterator[str]:
    """Dotted names of the modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = str(node.module)
            names = [f"{module}.{alias.name}" for alias in node.names]
            yield from names if module == "lss_core" else [module]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "lss_core":
            target = rest.split(".")[0]
            assert target in MAY_IMPORT[part] | {part, "__version__"}, f"{part} imports {name}"
        else:
            assert part in ONLY_IN.get(top, {part}), f"{part} imports {name}"


def test_the_domain_needs_the_standard_library_only() -> None:
    allowed = set(sys.stdlib_module_names) | {"lss_core"}
    for module in ("domain.py", "errors.py"):
        for name in imported(CORE / module):
            assert name.split(".")[0] in allowed


def test_no_page_lies_directly_in_pages() -> None:
    assert not list((ROOT / "pages").glob("*.py")), "Streamlit serves these to everybody"


def test_a_page_has_no_more_than_80_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "pages").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 80
    }
    assert not long


def test_every_requirement_is_pinned() -> None:
    for name in (
        "requirements.txt",
        "requirements-train.txt",
        "requirements-openid.txt",
        "requirements-dev.txt",
    ):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            wanted = line.split("#")[0].strip()
            assert not wanted or wanted.startswith("-r ") or "==" in wanted, f"{name}: {line}"
