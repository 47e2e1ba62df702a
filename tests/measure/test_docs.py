"""docs/measurements.md says what the table of quantities says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from lss_core.domain import SITES
from lss_core.measure.quantities import QUANTITIES
from lss_core.measure.study import measure_study
from tests.measure.test_study import drawn_axial, drawn_study, tilted_axial

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "measurements.md"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_measurements", DOCS / "make_measurements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_table_makes_of_it(maker: ModuleType) -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert maker.page(written) == written, "run python docs/make_measurements.py"


@pytest.mark.parametrize("name", QUANTITIES)
def test_each_quantity_has_its_definition_source_cut_offs_and_drawing(name: str, maker: ModuleType) -> None:
    page, quantity = PAGE.read_text(encoding="utf-8"), QUANTITIES[name]
    for said in (f"`{name}`", quantity.definition, f"Source: {quantity.source}."):
        assert said in page
    for cut in quantity.cut_offs:
        assert f"| {cut.worse} {quantity.in_words(cut.limit)} | {cut.means} | {cut.source} |" in page
    drawing = (DOCS / "images" / "measurements" / f"{name}.svg").read_text(encoding="utf-8")
    assert drawing == maker.svg(maker.drawings()[name], quantity.label)
    assert ElementTree.fromstring(drawing).tag.endswith("svg")
    assert f"(images/measurements/{name}.svg)" in page


def test_what_is_measured_is_in_the_table() -> None:
    volume = tilted_axial()
    found = measure_study(drawn_study(volume, drawn_axial(volume)))
    for site in SITES:
        for name in found[site]:
            assert site.condition in QUANTITIES[name].conditions, name


def test_every_measurement_the_code_writes_has_a_row() -> None:
    """Names in quotes that end in a unit, in the modules that measure."""
    measure = DOCS.parent / "lss_core" / "measure"
    code = "".join(
        (measure / f"{name}.py").read_text(encoding="utf-8") for name in ("axial", "study", "alignment")
    )
    names = set(re.findall(r'"([a-z_]+_(?:mm2|mm|ratio|deg))"', code))
    assert names <= set(QUANTITIES)
    assert {name for name in QUANTITIES if not name.startswith(("canal_", "sac_"))} <= names
